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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipeSourceTest {
  private static final String STREAM =
      "plain\n@nix {\"action\":\"result\",\"fields\":[\"hello\"],\"id\":2,\"type\":101}\nunfinished";

  private final Host host = Host.named("hostA");

  @TempDir Path spools;

  @Test
  void theStreamIsPublishedByteForByteAndShownInPlainText() throws IOException {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    try (Tape tape = Tape.ofCommand(spools, host)) {
      SessionId session = new PipeSource(tape.recorder(), shown, false).record(stream());
      tape.awaitClosed();

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
  void aBrokenTerminalDoesNotStopTheRecording() throws IOException {
    try (Tape tape = Tape.ofCommand(spools, host)) {
      SessionId session = new PipeSource(tape.recorder(), new Broken(), false).record(stream());
      tape.awaitClosed();

      assertEquals(STREAM, tape.stream(session));
    }
  }

  @Test
  void aPipeThatBreaksEndsItsSessionWithTheReason() throws IOException {
    try (Tape tape = Tape.ofCommand(spools, host)) {
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
          new PipeSource(tape.recorder(), OutputStream.nullOutputStream(), false).record(in);
      tape.awaitClosed();

      assertEquals("x", tape.stream(session));
      assertEquals(
          LogEntry.Ending.error("the pipe broke"),
          ((LogEntry.Closed) tape.entries(session).getLast()).ending());
    }
  }

  @Test
  void aReaderStillReadsWhenKafkaIsAwayAndNothingIsLost() throws IOException {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    Path spool;
    try (Tape away = Tape.ofCommand(spools, host)) {
      away.kafka().room(false);
      SessionId session = new PipeSource(away.recorder(), shown, false).record(stream());

      assertEquals("plain\nhello\nunfinished", shown.toString(UTF_8));
      Delivery delivery = away.recorder().close(Duration.ofMillis(50));
      assertEquals(0, delivery.missing());
      assertTrue(delivery.waiting() > 0, delivery.toString());
      spool = delivery.spool();
      assertTrue(Files.exists(spool.resolve(session.id() + ".0")));
    }
    try (Tape next = Tape.ofCommand(spools, host)) {
      SessionId session = next.awaitClosed();

      assertEquals(STREAM, next.stream(session));
      Tape.await(() -> !Files.exists(spool.resolve(session.id() + ".0")));
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
