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
    name = "thaw",
    description = "Lets a frozen build go on.",
    footer = {
      "",
      "Examples:",
      "  nixtape thaw 7k3x9q2m",
      "  nixtape thaw --host builder-7 --yes",
      "",
      Orders.EXITS
    })
final class ThawCommand implements Callable<Integer> {
  @Mixin Orders orders = new Orders();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..*",
      paramLabel = "ID",
      description = "Builds, by their ids or the beginnings of them.")
  List<String> ids = List.of();

  @Override
  public Integer call() throws IOException {
    return orders.execute(new Action.Thaw(), ids, spec);
  }
}
