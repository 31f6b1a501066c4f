package dev.nixtape.cli;

import dev.nixtape.projections.MachineView;
import dev.nixtape.projections.MachineView.Use;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "machines",
    description = "The remote builders, and how many of their slots which hosts use now.")
final class MachinesCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    Table<MachineView> table =
        new Table<MachineView>()
            .left("MACHINE", MachineView::uri)
            .left("SYSTEMS", machine -> String.join(" ", machine.systems()))
            .number("SLOTS", machine -> (long) machine.slots())
            .number("USED", machine -> (long) machine.used())
            .left("BY", MachinesCommand::users);
    asked.print(
        "/v1/machines",
        MachineView.class,
        table,
        "No host that can say so has a remote builder.",
        spec.commandLine().getOut());
    return 0;
  }

  private static String users(MachineView machine) {
    return machine.hosts().stream()
        .filter(use -> use.used() > 0)
        .map(MachinesCommand::user)
        .collect(Collectors.joining(" "));
  }

  private static String user(Use use) {
    return use.host() + ":" + use.used();
  }
}
