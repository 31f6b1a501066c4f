package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PipeSourceTest {
  private static final String STREAM =
      "plain\n@nix {\"action\":\"result\",\"fields\":[\"hello\"],\"id\":2,\"type\":101}\nunfinished";

  private final Host host = Host.named("hostA");

  @Test
  void theStreamIsPublishedByteForByteAndShownInPlainText() {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    try (Tape tape = Tape.acknowledging()) {
      SessionId session = new PipeSource(tape.writer(), host, shown, false).record(stream());

      assertEquals(STREAM, tape.stream(session));
      assertEquals("plain\nhello\nunfinished", shown.toString(UTF_8));
      LogEntry.Opened opened = (LogEntry.Opened) tape.entries(session).getFirst();
      assertEquals(Source.Kind.PIPE, opened.source().kind());
      assertFalse(opened.source().observed());
      assertEquals(
          System.getProperty("user.name"), opened.source().requester().orElseThrow().user());
      assertEquals(
          LogEntry.Ending.end(), ((LogEntry.Closed) tape.entries(session).getLast()).ending());
    }
  }

  @Test
  void aBrokenTerminalDoesNotStopTheRecording() {
    try (Tape tape = Tape.acknowledging()) {
      SessionId session = new PipeSource(tape.writer(), host, new Broken(), false).record(stream());

      assertEquals(STREAM, tape.stream(session));
    }
  }

  @Test
  void aPipeThatBreaksEndsItsSessionWithTheReason() {
    try (Tape tape = Tape.acknowledging()) {
      InputStream in =
          new InputStream() {
            private boolean first = true;

            @Override
            public int read() {
              throw new UnsupportedOperationException();
            }

            @Override
            public int read(byte[] bytes, int from, int length) throws IOException {
              if (!first) {
                throw new IOException("the pipe broke");
              }
              first = false;
              bytes[from] = 'x';
              return 1;
            }
          };
      SessionId session =
          new PipeSource(tape.writer(), host, OutputStream.nullOutputStream(), false).record(in);

      assertEquals("x", tape.stream(session));
      assertEquals(
          LogEntry.Ending.error("the pipe broke"),
          ((LogEntry.Closed) tape.entries(session).getLast()).ending());
    }
  }

  @Test
  void aReaderStillReadsWhenTheLogIsOutOfReach() {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    try (LogWriter away = LogWriter.open("127.0.0.1:1", Map.of(), _ -> {})) {
      Thread recording =
          Thread.startVirtualThread(
              () -> new PipeSource(away, host, shown, false).record(stream()));
      Tape.await(() -> shown.toString(UTF_8).startsWith("plain\nhello\n"));
      recording.interrupt();
      Tape.await(() -> !recording.isAlive());

      Delivery delivery = away.close(java.time.Duration.ZERO);
      assertTrue(delivery.missing() > 0 || delivery.waiting() > 0, delivery.toString());
    }
  }

  private static InputStream stream() {
    return new ByteArrayInputStream(STREAM.getBytes(UTF_8));
  }

  private static final class Broken extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      throw new IOException("Broken pipe");
    }
  }
}
