package dev.nixtape.cli;

import dev.nixtape.cli.Orders.Outcome;
import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.Result.Process;
import dev.nixtape.projections.control.Result.Shown;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "ps",
    description = "The processes of a build, on the host that runs it.",
    footer = {
      "",
      "Examples:",
      "  nixtape ps 7k3x9q2m",
      "  nixtape ps --drv chromium -o csv",
      "",
      Orders.EXITS
    })
final class PsCommand implements Callable<Integer> {
  @Mixin Orders orders = new Orders();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..*",
      paramLabel = "ID",
      description = "Builds, by their ids or the beginnings of them.")
  List<String> ids = List.of();

  private record Row(Outcome of, Process process) {}

  @Override
  public Integer call() throws IOException {
    return orders.look(new Action.Processes(), ids, PsCommand::print, spec);
  }

  private static void print(List<Outcome> shown, boolean csv, PrintWriter out) {
    boolean several = shown.size() > 1;
    Table<Row> table = new Table<>();
    if (csv || several) {
      table.left("BUILD", row -> BuildRows.shortId(row.of.build()), _ -> Style.DIM);
    }
    table
        .right(
            "PID", row -> Long.toString(row.process.pid()), row -> Long.toString(row.process.pid()))
        .right(
            "PPID",
            row -> Long.toString(row.process.ppid()),
            row -> Long.toString(row.process.ppid()))
        .left("S", row -> row.process.state())
        .time("CPU", row -> row.process.cpuMs())
        .bytes("RSS", row -> row.process.rss())
        .flexible(
            "COMMAND",
            row -> String.join(" ", row.process.command()),
            _ -> Style.PLAIN,
            row -> String.join(" ", row.process.command()));
    List<Row> rows =
        shown.stream()
            .flatMap(
                outcome -> processes(outcome).stream().map(process -> new Row(outcome, process)))
            .toList();
    if (csv) {
      table.csv(rows, out);
    } else {
      table.print(rows, out);
    }
  }

  private static List<Process> processes(Outcome outcome) {
    Shown shown = outcome.sights().orElseThrow();
    return Objects.requireNonNullElse(shown.processes(), List.of());
  }
}
