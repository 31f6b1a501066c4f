package dev.nixtape.cli;

import dev.nixtape.ingest.CommandRun;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "run",
    description = "Run a Nix command and record what it does; ends with its exit status.",
    footer = {"", "Example:", "  nixtape run -- nix build nixpkgs#hello"})
final class RunCommand implements Callable<Integer> {
  @Mixin KafkaOptions kafka = new KafkaOptions();
  @Mixin SocketOptions.HostName host = new SocketOptions.HostName();

  @Parameters(arity = "1..*", paramLabel = "COMMAND", description = "The command, behind --.")
  List<String> command = List.of();

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (Published published = Published.to(kafka, host).greeted()) {
      int status =
          new CommandRun(published.log(), published.host(), System.err, Screen.colours())
              .run(command);
      published.finished();
      return status;
    }
  }
}
