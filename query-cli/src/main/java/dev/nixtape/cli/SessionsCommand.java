package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Rfc3339;
import dev.nixtape.projections.Session;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "sessions",
    description = "The connections, pipes and files that told something, newest first.",
    footer = {"", "Example:", "  nixtape sessions --open   only those that are open now"})
final class SessionsCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(names = "--open", description = "Only those that are open now.")
  boolean open;

  @Override
  public Integer call() throws IOException {
    Instant now = Instant.now();
    Table<Session> table =
        new Table<Session>()
            .left("SESSION", Session::id, _ -> Style.DIM)
            .left("KIND", Session::kind)
            .left(
                "STATE",
                session -> session.open() ? "open" : Objects.requireNonNull(session.ending()),
                session -> session.open() ? Style.BLUE : Style.PLAIN)
            .left(
                "FOR",
                session ->
                    session.user() != null ? session.user() : Objects.toString(session.uid(), ""))
            .right(
                "OPENED", s -> BuildRows.time(s.openedAt(), now), s -> Rfc3339.write(s.openedAt()))
            .right(
                "TIME",
                s -> Screen.duration(lasted(s, now)),
                s -> Long.toString(lasted(s, now).toMillis()))
            .number("LINES", s -> s.tally().lines())
            .right(
                "MISSING",
                s -> s.tally().missing() == 0 ? "" : Screen.bytes(s.tally().missing()),
                s -> Long.toString(s.tally().missing()))
            .flexible("COMMAND", SessionsCommand::told, _ -> Style.PLAIN, SessionsCommand::told);
    asked.print(
        "/v1/sessions?ended=" + !open,
        Session.class,
        table,
        open ? "No session is open." : "No session was recorded yet.",
        spec.commandLine().getOut());
    return 0;
  }

  private static Duration lasted(Session session, Instant now) {
    return Duration.between(
        session.openedAt(), session.closedAt() == null ? now : session.closedAt());
  }

  private static String told(Session session) {
    String command =
        session.command().isEmpty() ? session.path() : String.join(" ", session.command());
    String error = Objects.toString(session.error(), "").lines().findFirst().orElse("");
    return Stream.of(command, error, lost(session))
        .filter(words -> !words.isEmpty())
        .collect(Collectors.joining("  "));
  }

  /// Why something is missing, and since when.
  private static String lost(Session session) {
    Instant now = Instant.now();
    return session.losses().stream()
        .map(loss ->
            "missing %s%s from %s to %s: %s"
                .formatted(
                    Screen.bytes(loss.bytes()),
                    loss.lines() == 0 ? "" : " (%,d lines)".formatted(loss.lines()),
                    BuildRows.time(loss.from(), now),
                    BuildRows.time(loss.until(), now),
                    loss.why()))
        .collect(Collectors.joining("; "));
  }
}
