package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Session;
import dev.nixtape.projections.derivations.Cause;
import dev.nixtape.projections.derivations.Change;
import dev.nixtape.projections.derivations.Why;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "why",
    description =
        "Why something was built: what asked for it, and what changed since its last build.",
    footer = {"", "Examples:", "  nixtape why hello-2.12.1", "  nixtape why 7k3x9q2m"})
final class WhyCommand implements Callable<Integer> {
  /// Characters of a value that are shown.
  private static final int SHOWN = 60;

  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "DRV|NAME|ID",
      description = "A derivation's path, a name (its last build), or a build's id.")
  String what = "";

  /// A change, and of what: "" for what was asked about.
  private record Row(String of, Change change) {}

  @Override
  public Integer call() throws IOException {
    String path = "/v1/why/" + Server.segment(what);
    PrintWriter out = spec.commandLine().getOut();
    switch (asked.form) {
      case JSON -> asked.server.copy(path, out);
      case CSV -> table().csv(rows(asked.server.one(path, Why.class)), out);
      case TABLE -> print(asked.server.one(path, Why.class), Instant.now(), out);
    }
    return 0;
  }

  private static Table<Row> table() {
    return new Table<Row>()
        .left("OF", Row::of)
        .left("WHAT", row -> row.change.what().json())
        .left("NAME", row -> row.change.name())
        .left("BEFORE", row -> Objects.toString(row.change.before(), ""))
        .left("AFTER", row -> Objects.toString(row.change.after(), ""));
  }

  private static List<Row> rows(Why why) {
    List<Row> rows =
        why.changes().stream()
            .map(change -> new Row(why.name(), change))
            .collect(Collectors.toList());
    for (Cause cause : why.causes()) {
      cause.changes().forEach(change -> rows.add(new Row(cause.name(), change)));
    }
    return rows;
  }

  private static void print(Why why, Instant now, PrintWriter out) {
    boolean colours = Screen.colours();
    Build build = why.build();
    out.println(
        (colours ? Style.BOLD.paint(why.name()) : why.name())
            + "  "
            + (build == null ? "not built yet" : told(build, now)));
    row(out, "derivation", why.drvPath());
    if (why.sessions().isEmpty()) {
      row(out, "asked for", "nobody knows by whom");
    } else {
      Session client = why.sessions().getFirst();
      row(out, "asked for", asker(client));
      row(out, "session", client.id());
    }
    if (why.chain().size() > 1) {
      row(
          out,
          "needed by",
          why.chain().stream().map(Why.Needed::name).collect(Collectors.joining(" → ")));
    } else if (why.chain().size() == 1) {
      row(out, "needed by", "nothing else that was built");
    }
    Build previous = why.previous();
    row(
        out,
        "before",
        previous == null
            ? "no build of this package that is known"
            : previous.name() + "  " + told(previous, now));
    switch (why.comparison()) {
      case NONE -> {}
      case SAME -> row(out, "changed", "nothing: it is the same derivation");
      case UNREAD -> row(out, "changed", "nobody knows: one of the two derivations was not read");
      case OTHER -> changes(why, out);
    }
  }

  private static void changes(Why why, PrintWriter out) {
    List<Change> own = why.changes().stream().filter(WhyCommand::shown).toList();
    own.forEach(change -> row(out, "changed", words(change)));
    for (Cause cause : why.causes()) {
      row(
          out,
          own.isEmpty() ? "because" : "and",
          cause.name()
              + (cause.via().isEmpty() ? "" : ", through " + String.join(" → ", cause.via()))
              + (cause.read() ? "" : " is another one; nobody read what it was"));
      cause.changes().stream()
          .filter(WhyCommand::shown)
          .forEach(change -> row(out, "", "  " + words(change)));
    }
    if (why.changes().isEmpty() && why.causes().isEmpty()) {
      row(out, "changed", "nothing but the paths of what it needs");
    }
  }

  /// An input whose hash alone differs is explained by the causes.
  private static boolean shown(Change change) {
    return change.what() != Change.What.INPUT || !Objects.equals(change.before(), change.after());
  }

  private static String words(Change change) {
    String what =
        switch (change.what()) {
          case INPUT, SOURCE, BUILDER, SYSTEM, ARGS -> change.what().json();
          case ENV -> change.name();
        };
    String before = change.before();
    String after = change.after();
    if (before == null) {
      return "%s added: %s".formatted(what, shortened(after, 0));
    }
    if (after == null) {
      return "%s removed: %s".formatted(what, shortened(before, 0));
    }
    if (before.equals(after)) {
      return "%s %s has other contents".formatted(what, after);
    }
    int same = 0;
    int shorter = Math.min(before.length(), after.length());
    while (same < shorter && before.charAt(same) == after.charAt(same)) {
      same++;
    }
    return "%s: %s → %s".formatted(what, shortened(before, same), shortened(after, same));
  }

  /// From shortly before the first difference on.
  private static String shortened(@Nullable String value, int difference) {
    String text = Table.clean(Objects.toString(value, "").replace("\n", "⏎"));
    int from = text.length() <= SHOWN ? 0 : Math.max(0, difference - SHOWN / 3);
    int to = Math.min(text.length(), from + SHOWN);
    return "'%s%s%s'"
        .formatted(from > 0 ? "…" : "", text.substring(from, to), to < text.length() ? "…" : "");
  }

  private static String asker(Session session) {
    String user =
        session.user() != null ? session.user() : Objects.toString(session.uid(), "somebody");
    String command = Table.clean(String.join(" ", session.command()));
    return "%s on %s%s"
        .formatted(user, session.host(), command.isEmpty() ? "" : ", with: " + command);
  }

  private static String told(Build build, Instant now) {
    String state = BuildRows.state(build);
    return "%s, %s, began %s, %s"
        .formatted(
            Screen.colours() ? BuildRows.colour(build).paint(state) : state,
            Screen.duration(Duration.ofMillis(build.elapsed(now).toMillis())),
            BuildRows.time(build.startedAt(), now),
            BuildRows.shortId(build));
  }

  private static void row(PrintWriter out, String label, String text) {
    out.println("  %-12s%s".formatted(label, text));
  }
}
