package dev.nixtape.cli;

import dev.nixtape.ingest.Host;
import dev.nixtape.ingest.LogWriter;
import dev.nixtape.ingest.PipeSource;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// What the launcher records for the start-up archive of the shims: one whose Kafka is not there,
/// all of its own way.
@Command(name = "train-shim", hidden = true)
final class TrainShimCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    try (LogWriter log = LogWriter.open("127.0.0.1:9", Map.of(), _ -> {})) {
      new PipeSource(log, Host.local(), OutputStream.nullOutputStream(), false)
          .record(
              new ByteArrayInputStream(
                  "@nix {\"action\":\"stop\",\"id\":1}\n".getBytes(StandardCharsets.UTF_8)));
      log.close(Duration.ofMillis(100));
    }
    CommandLine help = Nixtape.commandLine();
    help.setOut(new PrintWriter(Writer.nullWriter()));
    help.execute("--help");
    return 0;
  }
}
