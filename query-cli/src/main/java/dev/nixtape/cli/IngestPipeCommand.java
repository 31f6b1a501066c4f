package dev.nixtape.cli;

import dev.nixtape.ingest.PipeSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "pipe",
    description = "Record what Nix writes to a pipe, and show what a person wants to see of it.",
    footer = {"", "Example:", "  nix build --log-format internal-json -v |& nixtape ingest pipe"})
final class IngestPipeCommand implements Callable<Integer> {
  @Mixin KafkaOptions kafka = new KafkaOptions();
  @Mixin SocketOptions.HostName host = new SocketOptions.HostName();

  @Override
  public Integer call() {
    try (Published published = Published.to(kafka, host).greeted()) {
      new PipeSource(published.log(), published.host(), System.out, Screen.colours())
          .record(System.in);
      return published.finished() ? 0 : Failure.FAILED;
    }
  }
}
