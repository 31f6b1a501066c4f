package dev.nixtape.cli;

import dev.nixtape.projections.Stats;
import dev.nixtape.projections.Stats.DayTotals;
import dev.nixtape.projections.Stats.Totals;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "stats",
    description = "How much was done, by kind of activity.",
    footer = {
      "",
      "Examples:",
      "  nixtape stats -d 7 --daily     each of the last seven days (UTC)",
      "  nixtape stats -o json          totals, days, and what the log holds"
    })
final class StatsCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-d", "--days"},
      paramLabel = "N",
      description = "Only the last N days (UTC), today included.")
  Optional<Integer> days = Optional.empty();

  @Option(names = "--daily", description = "A row for every day.")
  boolean daily;

  @Override
  public Integer call() throws IOException {
    if (days.isPresent() && days.get() < 1) {
      throw new Failure(Failure.USAGE, "--days: at least 1, not " + days.get());
    }
    String path =
        "/v1/stats"
            + days.map(n ->
                    "?since="
                        + Instant.now().atZone(ZoneOffset.UTC).toLocalDate().minusDays(n - 1L))
                .orElse("");
    PrintWriter out = spec.commandLine().getOut();
    if (asked.form == Asked.Form.JSON) {
      asked.json(path, out);
      return 0;
    }
    Stats stats = asked.server.one(path, Stats.class);
    List<DayTotals> rows =
        daily
            ? stats.days().stream()
                .flatMap(day -> day.kinds().stream().map(t -> new DayTotals(day.day(), t)))
                .toList()
            : stats.kinds().stream().map(t -> new DayTotals("", t)).toList();
    Table<DayTotals> table = new Table<>();
    if (daily) {
      table.left("DAY", DayTotals::day);
    }
    table
        .left("KIND", row -> row.totals().kind().json())
        .number("COUNT", row -> row.totals().count())
        .number("SUCCEEDED", row -> row.totals().succeeded())
        .number("FAILED", row -> row.totals().failed())
        .number("INTERRUPTED", row -> row.totals().interrupted())
        .number("CACHED", row -> row.totals().cached())
        .number("UNKNOWN", row -> row.totals().unknown())
        .right(
            "TIME",
            row -> Screen.duration(Duration.ofMillis(row.totals().durationMs())),
            row -> Long.toString(row.totals().durationMs()))
        .right("MOVED", row -> moved(row.totals()), row -> Long.toString(row.totals().bytes()))
        .number("LOG", row -> row.totals().logLines());
    if (asked.form == Asked.Form.CSV) {
      table.csv(rows, out);
    } else if (rows.isEmpty()) {
      out.println("Nothing finished yet.");
    } else {
      table.print(rows, out);
    }
    return 0;
  }

  private static String moved(Totals totals) {
    return totals.bytes() == 0 ? "" : Screen.bytes(totals.bytes());
  }
}
