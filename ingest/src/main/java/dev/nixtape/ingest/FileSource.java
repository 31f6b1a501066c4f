package dev.nixtape.ingest;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Records a file that Nix wrote its events to, once or as it grows.
public final class FileSource {
  private static final Duration POLL = Duration.ofMillis(150);
  private static final int READ_BYTES = 128 * 1024;

  private final Recorder recorder;
  private final Path path;
  private final ByteBuffer buffer = ByteBuffer.allocate(READ_BYTES);

  public FileSource(Recorder recorder, Path path) {
    this.recorder = recorder;
    this.path = path.toAbsolutePath().normalize();
  }

  /// Records the file as one session, as slowly as the spool has room. Throws an exception when the
  /// file cannot be read.
  public SessionId ingest() throws IOException, InterruptedException {
    try (FileChannel in = FileChannel.open(path, StandardOpenOption.READ)) {
      Recording recording = open();
      readOn(in, recording);
      recording.end(LogEntry.Ending.end());
      return recording.session();
    } catch (NoSuchFileException e) {
      throw new IOException("there is no file " + path, e);
    }
  }

  /// Records the file as it grows, like `tail -F`, until this thread is interrupted: waits for it
  /// to appear, and begins a new session when another file takes its place or it is cut short.
  public void follow() throws IOException {
    try {
      while (true) {
        Object file = fileKey();
        if (file != null) {
          follow(file);
        }
        Thread.sleep(POLL);
      }
    } catch (InterruptedException | ClosedByInterruptException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void follow(Object file) throws IOException, InterruptedException {
    try (FileChannel in = FileChannel.open(path, StandardOpenOption.READ)) {
      Recording recording = open();
      LogEntry.Ending ending = LogEntry.Ending.unheard("following was stopped");
      try {
        readOn(in, recording);
        while (true) {
          Object now = fileKey();
          if (now != null && !now.equals(file)) {
            // whoever had the old file open may have written between the last read and the move
            readOn(in, recording);
            break;
          }
          if (in.size() < in.position()) {
            break;
          }
          Thread.sleep(POLL);
          readOn(in, recording);
        }
        ending = LogEntry.Ending.end();
      } finally {
        recording.end(ending);
      }
    } catch (NoSuchFileException _) {
      // moved away between two looks
    }
  }

  private Recording open() throws IOException {
    Host host = recorder.host();
    Source source = new Source(Source.Kind.FILE, host.boot(), path.toString(), false, null, null);
    return recorder.record(host.newSession(), source);
  }

  private void readOn(FileChannel in, Recording recording)
      throws IOException, InterruptedException {
    while (in.read(buffer.clear()) > 0) {
      recording.spooled().awaitRoom();
      recording.take(buffer.flip());
    }
  }

  /// What tells this file from another at the same path; null while there is none.
  private @Nullable Object fileKey() throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    } catch (NoSuchFileException _) {
      return null;
    }
  }
}
