package dev.nixtape.ingest;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// Records what comes through a pipe (`nix build --log-format internal-json -v … |& nixtape ingest
/// pipe`) as one session, and shows a person what Nix would have shown.
public final class PipeSource {
  private static final int READ_BYTES = 128 * 1024;

  private final Recorder recorder;
  private final OutputStream shown;
  private final boolean terminal;

  /// @param shown where a person reads along; when it breaks, the recording goes on
  /// @param terminal whether `shown` understands colours
  public PipeSource(Recorder recorder, OutputStream shown, boolean terminal) {
    this.recorder = recorder;
    this.shown = shown;
    this.terminal = terminal;
  }

  /// Reads to the end. Does not wait for Kafka: close the recorder, and look at what it delivered.
  public SessionId record(InputStream in) throws IOException {
    Recording recording = open(recorder.host().ownUser());
    recording.end(copy(in, recording));
    return recording.session();
  }

  Recording open(Source.Process peer) throws IOException {
    Host host = recorder.host();
    Source source = new Source(Source.Kind.PIPE, host.boot(), "", false, peer, null);
    return recorder.record(host.newSession(), source);
  }

  /// Shows first, then records: who reads along does not wait for the disk.
  LogEntry.Ending copy(InputStream in, Recording recording) {
    PassThrough passThrough = new PassThrough(shown, terminal);
    byte[] bytes = new byte[READ_BYTES];
    try {
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        passThrough.take(bytes, 0, count);
        recording.take(ByteBuffer.wrap(bytes, 0, count));
      }
      return LogEntry.Ending.end();
    } catch (IOException e) {
      String message = e.getMessage();
      return LogEntry.Ending.error(message == null ? e.toString() : message);
    } finally {
      passThrough.end();
    }
  }
}
