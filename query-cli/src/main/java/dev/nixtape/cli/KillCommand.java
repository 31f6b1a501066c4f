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
    name = "kill",
    description = "Ends a build: all processes of it, at once. Nix takes it for failed.",
    footer = {
      "",
      "Examples:",
      "  nixtape kill 7k3x9q2m --reason 'fills the disk'",
      "  nixtape kill --drv chromium --user alice   asks first when that is more than one",
      "  nixtape kill --session builder-7/s1 --yes  everything that one nix command builds",
      "  nixtape kill --all --dry-run               which builds that would be",
      "",
      Orders.EXITS
    })
final class KillCommand implements Callable<Integer> {
  @Mixin Orders orders = new Orders();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..*",
      paramLabel = "ID",
      description = "Builds, by their ids or the beginnings of them.")
  List<String> ids = List.of();

  @Override
  public Integer call() throws IOException {
    return orders.execute(new Action.Kill(), ids, spec);
  }
}
