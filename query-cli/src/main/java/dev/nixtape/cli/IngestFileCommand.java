package dev.nixtape.cli;

import dev.nixtape.ingest.FileSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "file",
    description = "Record a file of Nix's events, once or as it grows.",
    footer = {"", "Example:", "  nixtape ingest file --follow /var/log/nix.json"})
final class IngestFileCommand implements Callable<Integer> {
  @Mixin KafkaOptions kafka = new KafkaOptions();
  @Mixin SocketOptions.HostName host = new SocketOptions.HostName();

  @Parameters(paramLabel = "PATH", description = "The file.")
  Path path = Path.of("");

  @Option(names = "--follow", description = "Go on as it grows, like tail -F.")
  boolean follow;

  @Override
  public Integer call() throws IOException {
    try (Published published = Published.to(kafka, host).required()) {
      FileSource file = new FileSource(published.log(), published.host(), path);
      if (!follow) {
        file.ingest();
        return published.finished() ? 0 : Failure.FAILED;
      }
      Thread reader = Thread.currentThread();
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    reader.interrupt();
                    try {
                      reader.join(3000);
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  },
                  "stop"));
      file.follow();
      published.finished();
      return 0;
    }
  }
}
