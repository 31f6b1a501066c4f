package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.SessionId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

class LogWriterTest {
  private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678Z");
  private static final SessionId SESSION = SessionId.at("hostA", AT, 1);
  private static final SessionId OTHER = SessionId.at("hostA", AT, 2);

  @Test
  void aChunkIsTheRecordsValueAndItsOffsetAHeader() {
    try (Tape tape = Tape.acknowledging()) {
      tape.writer().write(lines(SESSION, 258, "one\ntwo\n"), Patience.NONE);

      ProducerRecord<byte[], byte[]> kafka = tape.kafka().history().getFirst();
      assertEquals("nixtape.log", kafka.topic());
      assertEquals(SESSION.key(), new String(kafka.key(), UTF_8));
      assertEquals("one\ntwo\n", new String(kafka.value(), UTF_8));
      assertEquals(AT.toEpochMilli(), kafka.timestamp());
      assertEquals(1, kafka.headers().toArray().length);
      assertArrayEquals(new byte[] {1, 2}, kafka.headers().lastHeader("o").value());
    }
  }

  @Test
  void allSessionsOfAHostAreInThePartitionThatKafkaGivesItsName() {
    try (Tape tape = Tape.acknowledging()) {
      for (String host : List.of("hostA", "hostB", "köln")) {
        for (int i = 0; i < 10; i++) {
          tape.writer().write(lines(SessionId.at(host, AT, i), 0, "x\n"), Patience.NONE);
        }
      }

      for (ProducerRecord<byte[], byte[]> kafka : tape.kafka().history()) {
        String host = SessionId.parse(new String(kafka.key(), UTF_8)).host();
        assertEquals(
            Utils.toPositive(Utils.murmur2(host.getBytes(UTF_8))) % 4, kafka.partition(), host);
      }
    }
  }

  @Test
  void linesThatFindNoRoomBecomeOneGapInTheirPlace() {
    try (Tape tape = Tape.acknowledging()) {
      tape.writer().write(lines(SESSION, 0, "aaa\n"), Patience.NONE);
      tape.room(false);
      tape.writer().write(lines(SESSION, 4, "bbb\n"), Patience.NONE);
      tape.writer().write(lines(SESSION, 8, "cccc\n"), Patience.NONE);
      tape.room(true);
      Tape.await(() -> tape.entries().size() == 2);
      tape.writer().write(lines(SESSION, 13, "ddd\n"), Patience.NONE);

      List<LogEntry> entries = tape.entries(SESSION);
      assertEquals(3, entries.size());
      LogEntry.Gap gap = (LogEntry.Gap) entries.get(1);
      assertEquals(4, gap.offset());
      assertEquals(9, gap.missing());
      assertTrue(gap.why().contains("buffer was full"), gap.why());
      assertEquals(13, entries.get(2).offset());
      assertEquals(9, tape.writer().delivery().missing());
      assertFalse(tape.writer().delivery().complete());
    }
  }

  @Test
  void smallEntriesAreNotLostAndKeepTheirOrderAmongTheGaps() {
    try (Tape tape = Tape.acknowledging()) {
      tape.room(false);
      Observation seen = new Observation.Unreadable(7, "/nix/store/x.drv", "gone");
      tape.writer().write(lines(SESSION, 0, "aaa\n"), Patience.NONE);
      tape.writer().write(new LogEntry.Observed(SESSION, AT, 4, seen), Patience.NONE);
      tape.writer().write(lines(SESSION, 4, "bbb\n"), Patience.NONE);
      tape.writer().write(lines(OTHER, 0, "zzz\n"), Patience.NONE);
      tape.writer()
          .write(new LogEntry.Closed(SESSION, AT, 8, LogEntry.Ending.end()), Patience.NONE);
      tape.room(true);

      Tape.await(() -> tape.entries().size() == 5);
      List<String> kinds =
          tape.entries(SESSION).stream().map(entry -> entry.getClass().getSimpleName()).toList();
      assertEquals(List.of("Gap", "Observed", "Gap", "Closed"), kinds);
      assertEquals(new LogEntry.Observed(SESSION, AT, 4, seen), tape.entries(SESSION).get(1));
      assertEquals(1, tape.entries(OTHER).size());
    }
  }

  @Test
  void derivationsBeyondWhatMayWaitAreSaidToBeUnpublished() {
    try (Tape tape = Tape.acknowledging()) {
      tape.room(false);
      String text = "x".repeat(250_000);
      for (int i = 0; i < 60; i++) {
        tape.writer()
            .write(
                new LogEntry.Observed(
                    SESSION, AT, 0, new Observation.DerivationRead(i, "/d", text, List.of())),
                Patience.NONE);
      }
      tape.room(true);

      Tape.await(() -> tape.entries().size() == 60);
      long read =
          tape.entries(LogEntry.Observed.class).stream()
              .filter(entry -> entry.observation() instanceof Observation.DerivationRead)
              .count();
      assertEquals(8 * 1024 * 1024 / 250_000, read);
    }
  }

  @Test
  void aPatientWriterWaitsForRoom() {
    try (Tape tape = Tape.acknowledging()) {
      tape.room(false);
      Thread writing =
          Thread.startVirtualThread(
              () -> tape.writer().write(lines(SESSION, 0, "aaa\n"), Patience.WHILE_KAFKA_MOVES));
      Tape.await(() -> writing.getState() == Thread.State.TIMED_WAITING);
      tape.room(true);

      Tape.await(() -> !writing.isAlive());
      assertEquals("aaa\n", tape.stream(SESSION));
      assertTrue(tape.writer().delivery().complete());
    }
  }

  @Test
  void aPatientWriterGivesUpOnAKafkaThatAcknowledgesNothing() {
    try (Tape tape = Tape.acknowledging()) {
      tape.room(false);
      Patience short_ = new Patience(Duration.ofMillis(150));
      long start = System.nanoTime();
      tape.writer().write(lines(SESSION, 0, "aaa\n"), short_);
      long first = System.nanoTime() - start;
      for (int i = 0; i < 100; i++) {
        tape.writer().write(lines(SESSION, 4 + 4 * i, "bbb\n"), short_);
      }
      long all = System.nanoTime() - start;

      assertTrue(first >= 150_000_000, "gave up after " + first);
      assertTrue(all < 2_000_000_000, "waited again for each of the others: " + all);
      assertEquals(404, tape.writer().delivery().missing());
    }
  }

  @Test
  void whatKafkaRefusesLaterBecomesAGap() {
    try (Tape tape = Tape.silent()) {
      tape.writer().write(lines(SESSION, 10, "aaa\n"), Patience.NONE);
      tape.writer().write(lines(SESSION, 14, "bbb\n"), Patience.NONE);
      tape.kafka().errorNext(new RecordTooLargeException("too large"));
      tape.kafka().completeNext();

      Tape.await(() -> tape.entries(LogEntry.Gap.class).size() == 1);
      LogEntry.Gap gap = tape.entries(LogEntry.Gap.class).getFirst();
      assertEquals(10, gap.offset());
      assertEquals(4, gap.missing());
      assertEquals("too large", gap.why());
    }
  }

  @Test
  void acknowledgementIsAwaited() {
    try (Tape tape = Tape.silent()) {
      tape.writer().write(lines(SESSION, 0, "aaa\n"), Patience.NONE);
      assertFalse(tape.writer().awaitAcknowledged(Duration.ofMillis(20)));
      assertEquals(1, tape.writer().delivery().waiting());

      Thread waiting =
          Thread.startVirtualThread(
              () -> assertTrue(tape.writer().awaitAcknowledged(Duration.ofSeconds(20))));
      Tape.await(() -> waiting.getState() == Thread.State.TIMED_WAITING);
      tape.kafka().completeNext();

      Tape.await(() -> !waiting.isAlive());
      assertTrue(tape.writer().delivery().complete());
    }
  }

  @Test
  void anOutageIsSaidOnceAndItsEndToo() {
    List<String> said = new ArrayList<>();
    Tape tape = Tape.acknowledging();
    try (LogWriter writer = new LogWriter(tape.kafka(), "here:9092", said::add)) {
      tape.room(false);
      for (int i = 0; i < 10; i++) {
        writer.write(lines(SESSION, i, "\n"), Patience.NONE);
      }
      tape.room(true);
      Tape.await(() -> !tape.entries().isEmpty());
    }

    assertEquals(2, said.size(), said.toString());
  }

  @Test
  void anUnreachableKafkaIsNamed() {
    try (LogWriter writer = LogWriter.open("127.0.0.1:1", Map.of(), _ -> {})) {
      IOException e =
          assertThrows(IOException.class, () -> writer.requireLog(Duration.ofMillis(200)));

      assertEquals("cannot reach Kafka at 127.0.0.1:1 within 0 s: is nixtape up?", e.getMessage());
      writer.write(lines(SESSION, 0, "aaa\n"), Patience.NONE);
      assertEquals(4, writer.delivery().missing());
      assertEquals(0, writer.close(Duration.ZERO).waiting() - 1);
    }
  }

  @Test
  void settingsOfTheUserWinOverTasteAndNotOverPromises() {
    Map<String, Object> config =
        LogWriterConfig.of(
            "k:1",
            Map.of(
                "compression.type", "lz4",
                "security.protocol", "SASL_SSL",
                "acks", "1",
                "enable.idempotence", "false",
                "transactional.id", "mine"));

    assertEquals("lz4", config.get("compression.type"));
    assertEquals("SASL_SSL", config.get("security.protocol"));
    assertEquals("all", config.get("acks"));
    assertEquals(true, config.get("enable.idempotence"));
    assertFalse(config.containsKey("transactional.id"));
  }

  private static LogEntry lines(SessionId session, long offset, String text) {
    return new LogEntry.Lines(session, AT, offset, ByteSlice.of(text));
  }
}
