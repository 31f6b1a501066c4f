package dev.nixtape.cli;

import dev.nixtape.ingest.FileSource;
import dev.nixtape.ingest.Recorder;
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
  @Mixin Published published = new Published();

  @Parameters(paramLabel = "PATH", description = "The file.")
  Path path = Path.of("");

  @Option(names = "--follow", description = "Go on as it grows, like tail -F.")
  boolean follow;

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (Recorder recorder = follow ? published.open() : published.required()) {
      FileSource file = new FileSource(recorder, path);
      if (!follow) {
        file.ingest();
        return Published.finished(recorder) ? 0 : Failure.FAILED;
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
      Published.finished(recorder);
      return 0;
    }
  }
}
