package dev.nixtape.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "control",
    description = "Control of this host's builds.",
    subcommands = ControlAgentCommand.class)
final class ControlCommand implements Runnable {
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "'nixtape control agent' is what runs on a host");
  }
}
