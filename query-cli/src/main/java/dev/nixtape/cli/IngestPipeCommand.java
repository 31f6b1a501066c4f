package dev.nixtape.cli;

import dev.nixtape.ingest.PipeSource;
import dev.nixtape.ingest.Recorder;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "pipe",
    description = "Record what Nix writes to a pipe, and show what a person wants to see of it.",
    footer = {"", "Example:", "  nix build --log-format internal-json -v |& nixtape ingest pipe"})
final class IngestPipeCommand implements Callable<Integer> {
  @Mixin Published published = new Published();

  @Override
  public Integer call() throws IOException {
    try (Recorder recorder = published.open()) {
      new PipeSource(recorder, System.out, Screen.colours()).record(System.in);
      return Published.finished(recorder) ? 0 : Failure.FAILED;
    }
  }
}
