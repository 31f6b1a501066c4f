package dev.nixtape.cli;

import dev.nixtape.projections.Waits;
import dev.nixtape.projections.Waits.Row;
import dev.nixtape.projections.Waits.Wait;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "waits",
    description = {
      "How long builds waited before they began, by what they waited for.",
      "Of the last 30 days, unless a period is given."
    },
    footer = {
      "",
      "lock: another process builds the same. machine: no machine has a slot. build user: all are taken.",
      "resolved: a derivation was resolved to another, and lasts until that is built."
    })
final class WaitsCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Mixin Period period = new Period();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    Instant now = Instant.now();
    PrintWriter out = spec.commandLine().getOut();
    String path = "/v1/waits?" + period.lately(now).toParameters();
    if (asked.form == Asked.Form.JSON) {
      asked.server.copy(path, out);
      return 0;
    }
    Waits waits = asked.server.one(path, Waits.class);
    if (asked.form == Asked.Form.CSV) {
      rows().csv(waits.hosts(), out);
    } else if (waits.kinds().isEmpty()) {
      out.println("No build waited in that time.");
    } else {
      rows().print(waits.kinds(), out);
      if (waits.hosts().size() > waits.kinds().size()) {
        out.println();
        rows().print(waits.hosts(), out);
      }
      out.println();
      out.println("The longest of the last %d:".formatted(waits.looked()));
      longest(now).print(waits.longest(), out);
    }
    return 0;
  }

  private static Table<Row> rows() {
    Table<Row> table =
        new Table<Row>()
            .withoutEmpty()
            .left("WAITS FOR", Row::waitsFor, _ -> Screen.Style.BOLD)
            .left("HOST", row -> Objects.requireNonNullElse(row.host(), ""))
            .number("COUNT", Row::count);
    table.time("TOTAL", Row::totalMs);
    table.time("MEAN", Row::meanMs);
    table.time("P95", Row::p95Ms);
    table.time("MAX", Row::maxMs);
    return table;
  }

  private static Table<Wait> longest(Instant now) {
    return new Table<Wait>()
        .withoutEmpty()
        .left("ID", wait -> BuildRows.shortId(wait.id()), _ -> Screen.Style.DIM)
        .left("WAITS FOR", Wait::waitsFor)
        .left("NAME", Wait::what, _ -> Screen.Style.BOLD)
        .left("HOST", Wait::host)
        .left("SINCE", wait -> BuildRows.time(wait.startedAt(), now))
        .time("TIME", Wait::durationMs)
        .left("BUILD", wait -> BuildRows.shortId(wait.build()))
        .left("PARENT", wait -> BuildRows.shortId(wait.parent()));
  }
}
