package dev.nixtape.cli;

import dev.nixtape.cli.Orders.Outcome;
import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.Result.Shown;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "env",
    description = "The environment that a build began with; what looks like a secret is masked.",
    footer = {
      "",
      "Examples:",
      "  nixtape env 7k3x9q2m",
      "  nixtape env 7k3x9q2m -o json",
      "",
      Orders.EXITS
    })
final class EnvCommand implements Callable<Integer> {
  @Mixin Orders orders = new Orders();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..*",
      paramLabel = "ID",
      description = "Builds, by their ids or the beginnings of them.")
  List<String> ids = List.of();

  private record Row(Outcome of, String name, String value) {}

  @Override
  public Integer call() throws IOException {
    return orders.look(new Action.Environment(), ids, EnvCommand::print, spec);
  }

  private static void print(List<Outcome> shown, boolean csv, PrintWriter out) {
    Table<Row> table = new Table<>();
    if (csv || shown.size() > 1) {
      table.left("BUILD", row -> BuildRows.shortId(row.of.build()), _ -> Style.DIM);
    }
    table
        .left("NAME", Row::name, _ -> Style.BOLD)
        .flexible("VALUE", Row::value, _ -> Style.PLAIN, Row::value);
    List<Row> rows =
        shown.stream()
            .flatMap(outcome ->
                environment(outcome).entrySet().stream()
                    .map(each -> new Row(outcome, each.getKey(), each.getValue())))
            .toList();
    if (csv) {
      table.csv(rows, out);
    } else {
      table.print(rows, out);
    }
  }

  private static Map<String, String> environment(Outcome outcome) {
    Shown shown = outcome.sights().orElseThrow();
    return Objects.requireNonNullElse(shown.environment(), new TreeMap<>());
  }
}
