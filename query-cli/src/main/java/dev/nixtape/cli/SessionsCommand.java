package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Rfc3339;
import dev.nixtape.projections.Session;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Callable;
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
            .number("MISSING", s -> s.tally().missing())
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
    return session.error() == null
        ? command
        : command + "  " + session.error().lines().findFirst().orElse("");
  }
}
