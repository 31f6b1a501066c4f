package dev.nixtape.cli;

import dev.nixtape.ingest.CommandRun;
import dev.nixtape.ingest.Recorder;
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
  @Mixin Published published = new Published();

  @Parameters(arity = "1..*", paramLabel = "COMMAND", description = "The command, behind --.")
  List<String> command = List.of();

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (Recorder recorder = published.open()) {
      int status = new CommandRun(recorder, System.err, Screen.colours()).run(command);
      Published.finished(recorder);
      return status;
    }
  }
}
