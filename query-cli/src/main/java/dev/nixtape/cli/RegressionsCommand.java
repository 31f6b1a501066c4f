package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Regressions;
import dev.nixtape.projections.Regressions.Failures;
import dev.nixtape.projections.Regressions.Row;
import dev.nixtape.projections.Regressions.Times;
import dev.nixtape.projections.Regressions.What;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.ToLongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "regressions",
    description =
        "What got slower, faster, or began to fail, against the time of the same length before.",
    footer = {
      "",
      "Without a period it is the last 7 days. What is shown is most probably no chance: Q, the part",
      "of false alarms among the rows down to that Q, is 0.05 at most, however many tests were made.",
      "A phase or host below a package is where it happens.",
      "",
      "Examples:",
      "  nixtape regressions            these 7 days against the 7 before",
      "  nixtape regressions -d 30      finds smaller changes, and those of what is seldom built"
    })
final class RegressionsCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Mixin Period period = new Period();
  @Spec CommandSpec spec = CommandSpec.create();

  /// @param within whether it explains the row above
  private record Line(Row row, boolean within) {
    What what() {
      return row.what();
    }
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    String path = "/v1/regressions?" + period.during(Instant.now()).toParameters();
    if (asked.form == Asked.Form.JSON) {
      asked.server.copy(path, out);
      return 0;
    }
    Regressions found = asked.server.one(path, Regressions.class);
    List<Line> lines = new ArrayList<>();
    for (Row row : found.rows()) {
      lines.add(new Line(row, false));
      row.within().forEach(part -> lines.add(new Line(part, true)));
    }
    if (asked.form == Asked.Form.CSV) {
      values().csv(lines, out);
      return 0;
    }
    if (!lines.isEmpty()) {
      table().print(lines, out);
      out.println();
    }
    out.println(summary(found));
    return 0;
  }

  private static String summary(Regressions found) {
    String days = Screen.duration(Duration.between(found.since(), found.until()));
    if (found.tests() == 0) {
      return "No package was built often enough, in these %s and the %s before, to tell a change from chance."
          .formatted(days, days);
    }
    return "%,d tests of these %s against the %s before%s."
        .formatted(found.tests(), days, days, found.rows().isEmpty() ? ": nothing changed" : "");
  }

  private static Table<Line> table() {
    return new Table<Line>()
        .flexible(
            "WHAT",
            RegressionsCommand::name,
            line -> line.within ? Style.PLAIN : Style.BOLD,
            RegressionsCommand::name)
        .left("SYSTEM", line -> line.within ? "" : line.what().system())
        .left("CHANGE", line -> line.row.change().json(), RegressionsCommand::colour)
        .left("BEFORE → AFTER", line -> levels(line.row))
        .left("SHIFT (95%)", line -> shift(line.row))
        .left("Q", line -> "%.1g".formatted(line.row.q()))
        .left("BUILDS", line -> line.row.samplesBefore() + " → " + line.row.samples())
        .left("LOST A DAY", line -> Screen.shift(line.row.lostMsPerDay()));
  }

  private static Table<Line> values() {
    Table<Line> table =
        new Table<Line>()
            .left("NAME", line -> line.what().name())
            .left("SYSTEM", line -> line.what().system())
            .left("PHASE", line -> Objects.requireNonNullElse(line.what().phase(), ""))
            .left("HOST", line -> Objects.requireNonNullElse(line.what().host(), ""))
            .left("CHANGE", line -> line.row.change().json());
    time(table, "BEFORE", Times::beforeMs);
    time(table, "AFTER", Times::afterMs);
    time(table, "SHIFT", Times::shiftMs);
    time(table, "SHIFT_FROM", Times::shiftFromMs);
    time(table, "SHIFT_TO", Times::shiftToMs);
    failures(table, "FAILED_BEFORE", Failures::before);
    failures(table, "FAILED", Failures::after);
    return table
        .left("P", line -> Double.toString(line.row.p()))
        .left("Q", line -> Double.toString(line.row.q()))
        .number("SAMPLES_BEFORE", line -> line.row.samplesBefore())
        .number("SAMPLES", line -> line.row.samples())
        .number("LOST_A_DAY", line -> line.row.lostMsPerDay());
  }

  private static void time(Table<Line> table, String heading, ToLongFunction<Times> of) {
    table.left(
        heading,
        line -> line.row.times() == null ? "" : Long.toString(of.applyAsLong(line.row.times())));
  }

  private static void failures(Table<Line> table, String heading, ToLongFunction<Failures> of) {
    table.left(
        heading,
        line ->
            line.row.failures() == null ? "" : Long.toString(of.applyAsLong(line.row.failures())));
  }

  /// `firefox`, below it `linkPhase on builder-7`; by itself `firefox, linkPhase on builder-7`.
  private static String name(Line line) {
    What what = line.what();
    String phase = Objects.requireNonNullElse(what.phase(), "");
    String part = (what.host() == null ? phase : phase + " on " + what.host()).strip();
    if (line.within) {
      return "  " + part;
    }
    return what.isWhole() ? what.name() : what.name() + ", " + part;
  }

  private static Style colour(Line line) {
    return switch (line.row.change()) {
      case SLOWER -> Style.YELLOW;
      case FASTER -> Style.GREEN;
      case FAILS -> Style.RED;
    };
  }

  private static String levels(Row row) {
    Times times = row.times();
    Failures failures = row.failures();
    if (times != null) {
      return Screen.duration(Duration.ofMillis(times.beforeMs()))
          + " → "
          + Screen.duration(Duration.ofMillis(times.afterMs()));
    }
    return failures == null
        ? ""
        : "%d of %d → %d of %d"
            .formatted(failures.before(), row.samplesBefore(), failures.after(), row.samples());
  }

  private static String shift(Row row) {
    Times times = row.times();
    return times == null
        ? ""
        : "%s (%s … %s)"
            .formatted(
                Screen.shift(times.shiftMs()),
                Screen.shift(times.shiftFromMs()),
                Screen.shift(times.shiftToMs()));
  }
}
