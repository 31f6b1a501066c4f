package dev.nixtape.ingest;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.util.List;

/// Runs a Nix command with its events recorded: `nixtape run -- nix build …`.
public final class CommandRun {
  private final PipeSource pipe;
  private final Host host;

  /// @param shown where the command's stderr is shown
  /// @param terminal whether `shown` understands colours
  public CommandRun(Recorder recorder, OutputStream shown, boolean terminal) {
    this.pipe = new PipeSource(recorder, shown, terminal);
    this.host = recorder.host();
  }

  /// Runs a command to its end, with the options added that make Nix write its events, and returns
  /// its exit status (128 + the signal's number when one ended it). Its stdin and stdout are this
  /// process's. From then on, this process ends by itself and not by a signal. Throws an exception
  /// when there is no such program.
  public int run(List<String> command) throws IOException, InterruptedException {
    List<String> words = new NixCommand(command).withEvents();
    Signals signals = Signals.held();
    Process process = start(words);
    signals.leaveTo(process);
    return record(process, words);
  }

  private static Process start(List<String> words) throws IOException {
    try {
      return new ProcessBuilder(words)
          .redirectInput(Redirect.INHERIT)
          .redirectOutput(Redirect.INHERIT)
          .start();
    } catch (IOException e) {
      throw new IOException("cannot run %s: %s".formatted(words.getFirst(), e.getMessage()), e);
    }
  }

  private int record(Process process, List<String> words) throws IOException, InterruptedException {
    try (InputStream stderr = process.getErrorStream()) {
      Source.Process user = host.ownUser();
      Recording recording =
          pipe.open(new Source.Process(process.pid(), user.uid(), user.user(), words));
      LogEntry.Ending reading = pipe.copy(stderr, recording);
      int status = process.waitFor();
      recording.end(
          reading.how() == LogEntry.Ending.How.END ? LogEntry.Ending.exited(status) : reading);
      return status;
    }
  }
}
