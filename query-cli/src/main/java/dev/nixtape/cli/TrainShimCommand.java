package dev.nixtape.cli;

import dev.nixtape.ingest.Host;
import dev.nixtape.ingest.PipeSource;
import dev.nixtape.ingest.Recorder;
import dev.nixtape.ingest.RecorderSettings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// What the launcher records for the start-up archive of the shims: one whose Kafka is not there,
/// all of its own way.
@Command(name = "train-shim", hidden = true)
final class TrainShimCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR")
  Path directory = Path.of("");

  @Override
  public Integer call() throws IOException {
    RecorderSettings settings =
        new RecorderSettings(
            directory, RecorderSettings.DEFAULT_LIMIT, false, "127.0.0.1:9", Map.of());
    try (Recorder recorder = Recorder.ofCommand(settings, Host.local(), _ -> {})) {
      new PipeSource(recorder, OutputStream.nullOutputStream(), false)
          .record(
              new ByteArrayInputStream(
                  "@nix {\"action\":\"stop\",\"id\":1}\n".getBytes(StandardCharsets.UTF_8)));
      recorder.close(Duration.ofMillis(100));
    }
    CommandLine help = Nixtape.commandLine();
    help.setOut(new PrintWriter(Writer.nullWriter()));
    help.execute("--help");
    return 0;
  }
}
