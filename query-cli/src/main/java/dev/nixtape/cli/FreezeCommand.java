package dev.nixtape.cli;

import dev.nixtape.projections.control.Action;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "freeze",
    description =
        "Stops a build where it is, until it is thawed: no process of it runs, none ends.",
    footer = {
      "",
      "Examples:",
      "  nixtape freeze 7k3x9q2m",
      "  nixtape freeze --host builder-7 --reason 'backup runs' --yes",
      "",
      Orders.EXITS
    })
final class FreezeCommand implements Callable<Integer> {
  @Mixin Orders orders = new Orders();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..*",
      paramLabel = "ID",
      description = "Builds, by their ids or the beginnings of them.")
  List<String> ids = List.of();

  @Override
  public Integer call() throws IOException {
    return orders.execute(new Action.Freeze(), ids, spec);
  }
}
