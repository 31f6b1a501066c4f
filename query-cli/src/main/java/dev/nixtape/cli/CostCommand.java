package dev.nixtape.cli;

import dev.nixtape.projections.Costs;
import dev.nixtape.projections.Costs.By;
import dev.nixtape.projections.Costs.Row;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToLongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "cost",
    description = {
      "What builds cost: shares that sum up to the whole, so that a bill can be split.",
      "Of the last 30 days, unless a period is given."
    },
    footer = {
      "",
      "TIME is processor time where it was measured (CPU TIME), else wall time, from a build's start to its end, however it ended;",
      "FAILED TIME is the part of it that failed.",
      "",
      "Examples:",
      "  nixtape cost -m 1                                            by user",
      "  nixtape cost --by pname --since 2026-01-01 --until 2026-02-01"
    })
final class CostCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Mixin Period period = new Period();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--by",
      paramLabel = "WHAT",
      defaultValue = "USER",
      description = "user, host, pname (a package: a name without version) or day (default: user).")
  By by = By.USER;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    String what = by.name().toLowerCase(Locale.ROOT);
    String path = "/v1/cost?by=%s&%s".formatted(what, period.lately(Instant.now()).toParameters());
    if (asked.form == Asked.Form.JSON) {
      asked.server.copy(path, out);
      return 0;
    }
    Costs costs = asked.server.one(path, Costs.class);
    Table<Row> table =
        new Table<Row>()
            .flexible(
                what.toUpperCase(Locale.ROOT),
                CostCommand::key,
                _ -> Screen.Style.BOLD,
                CostCommand::key)
            .number("BUILDS", Row::builds)
            .number("FAILED", Row::failed);
    time(table, "TIME", Row::ms);
    time(table, "CPU TIME", Row::cpuMs);
    table.optional();
    time(table, "FAILED TIME", Row::failedMs);
    table.right("SHARE", row -> percent(row) + " %", CostCommand::percent);
    if (asked.form == Asked.Form.CSV) {
      table.csv(costs.rows(), out);
    } else if (costs.rows().isEmpty()) {
      out.println("No build finished in that time.");
    } else {
      List<Row> rows = new ArrayList<>(costs.rows());
      Row all = costs.total();
      rows.add(all.withKey("all"));
      table.print(rows, out);
      if (costs.measure() == Costs.Measure.MIXED) {
        out.printf(
            "Of %d of %d builds the processor time was measured; the others are billed for how long they took.%n",
            all.measured(), all.builds());
      }
    }
    return 0;
  }

  private static String key(Row row) {
    return row.key() == null ? "unknown" : row.key();
  }

  private static String percent(Row row) {
    return String.format(Locale.ROOT, "%.1f", row.percent());
  }

  private static void time(Table<Row> table, String heading, ToLongFunction<Row> ms) {
    table.right(
        heading,
        row ->
            ms.applyAsLong(row) == 0 ? "" : Screen.duration(Duration.ofMillis(ms.applyAsLong(row))),
        row -> Long.toString(ms.applyAsLong(row)));
  }
}
