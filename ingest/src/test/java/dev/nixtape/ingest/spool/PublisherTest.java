package dev.nixtape.ingest.spool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.LogEntry.Ending;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublisherTest {
  private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678Z");

  @TempDir Path folder;

  private final TestKafka kafka = new TestKafka();
  private final List<String> said = new CopyOnWriteArrayList<>();
  private Spool spool;
  private Publisher publisher;

  @BeforeEach
  void open() throws IOException {
    spool =
        Spool.open(
            folder.resolve("spool"),
            new SpoolSettings(256L << 20, false, 64, false, 0),
            "hostA",
            AT,
            said::add);
    publisher = kafka.publisher(said::add);
    publisher.add(spool);
  }

  @AfterEach
  void close() throws IOException {
    publisher.close();
    spool.close();
  }

  @Test
  void aChunkIsTheRecordsValueAndItsOffsetAHeader() {
    SpoolSession session = begin("hostA", 1);
    append(session, "x".repeat(257) + "\n", AT);
    append(session, "one\ntwo\n", AT.plusMillis(50));
    TestKafka.await(() -> kafka.records().size() == 3);

    ProducerRecord<byte[], byte[]> record = kafka.records().getLast();
    assertEquals("nixtape.log", record.topic());
    assertEquals(session.id().key(), new String(record.key(), UTF_8));
    assertEquals("one\ntwo\n", new String(record.value(), UTF_8));
    assertEquals(AT.plusMillis(50).toEpochMilli(), record.timestamp());
    assertEquals(1, record.headers().toArray().length);
    assertArrayEquals(new byte[] {1, 2}, record.headers().lastHeader("o").value());
  }

  @Test
  void allSessionsOfAHostAreInThePartitionThatKafkaGivesItsName() {
    for (String host : List.of("hostA", "hostB", "köln")) {
      for (int i = 0; i < 10; i++) {
        append(begin(host, i), "x\n", AT);
      }
    }
    TestKafka.await(() -> kafka.records().size() == 60);

    for (ProducerRecord<byte[], byte[]> record : kafka.records()) {
      String host = SessionId.parse(new String(record.key(), UTF_8)).host();
      assertEquals(
          Utils.toPositive(Utils.murmur2(host.getBytes(UTF_8))) % TestKafka.PARTITIONS,
          record.partition(),
          host);
    }
  }

  @Test
  void readsThatCameTogetherAreOneChunkAndLaterOnesAnother() {
    kafka.room(false);
    SpoolSession _ = begin("hostA", 2);
    TestKafka.await(() -> publisher.problem() != null);
    SpoolSession session = begin("hostA", 1);
    for (int i = 0; i < 10; i++) {
      append(session, i + "\n", AT.plusSeconds(i / 5));
    }
    kafka.room(true);

    TestKafka.await(() -> lines().size() == 2);
    assertEquals("0\n1\n2\n3\n4\n", lines().get(0).bytes().toString());
    assertEquals(AT, lines().get(0).at());
    assertEquals("5\n6\n7\n8\n9\n", lines().get(1).bytes().toString());
    assertEquals(AT.plusSeconds(1), lines().get(1).at());
  }

  @Test
  void halfALineIsPublishedAfterASecondAndItsEndFollows() {
    SpoolSession session = begin("hostA", 1);
    append(session, "whole\nha", AT);
    TestKafka.await(() -> lines().size() == 2);
    append(session, "lf\n", AT.plusSeconds(2));

    TestKafka.await(() -> lines().size() == 3);
    assertEquals(
        List.of("whole\n", "ha", "lf\n"),
        lines().stream().map(lines -> lines.bytes().toString()).toList());
  }

  @Test
  void aLineThatIsLongerThanAChunkComesInPieces() {
    SpoolSession session = begin("hostA", 1);
    String line = "y".repeat(300_000) + "\n";
    append(session, line, AT);
    end(session);

    TestKafka.await(spool::isEmpty);
    assertEquals(line, Stream.of(session.id(), kafka.entries()).text());
    assertEquals(3, lines().size());
  }

  @Test
  void anObservationKeepsItsPlaceBehindTheLinesBeforeIt() {
    SpoolSession session = begin("hostA", 1);
    append(session, "one\ntw", AT);
    Observation seen = new Observation.Unreadable(7, "/nix/store/x.drv", "gone");
    session.append(new LogEntry.Observed(session.id(), AT, 0, seen));
    append(session, "o\n", AT);
    end(session);

    TestKafka.await(spool::isEmpty);
    List<LogEntry> entries = kafka.entries();
    assertEquals(
        List.of("Opened", "Lines", "Observed", "Lines", "Closed"),
        entries.stream().map(entry -> entry.getClass().getSimpleName()).toList());
    assertEquals(new LogEntry.Observed(session.id(), AT, 4, seen), entries.get(2));
    assertEquals(8, entries.getLast().offset());
  }

  @Test
  void whatIsBehindARefusedRecordIsTakenBackAndComesAgainInOrder() {
    kafka.acknowledging(false);
    SpoolSession session = begin("hostA", 1);
    for (int i = 0; i < 10; i++) {
      append(session, i + "\n", AT.plusMillis(i * 1000L));
    }
    TestKafka.await(() -> kafka.records().size() == 11);
    for (int i = 0; i < 4; i++) {
      assertTrue(kafka.acknowledge());
    }
    kafka.acknowledging(true);
    kafka.refuse(new TopicAuthorizationException("nixtape.log"));
    end(session);

    TestKafka.await(spool::isEmpty);
    assertEquals(2, kafka.producers());
    Stream stream = Stream.of(session.id(), kafka.entries());
    assertEquals("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n", stream.text());
    assertEquals(0, stream.unexplained());
    assertEquals(2, said.size(), said.toString());
    assertTrue(said.getFirst().contains("Kafka at here:9092 refuses"), said.toString());
  }

  @Test
  void aKafkaThatTakesSmallerRecordsOnlyGetsSmallerOnes() {
    kafka.refuse(
        entry -> entry instanceof LogEntry.Lines lines && lines.bytes().length() > 40_000,
        new RecordTooLargeException("too large"));
    SpoolSession session = begin("hostA", 1);
    String lines = "a line of some length\n".repeat(20_000);
    append(session, lines, AT);
    end(session);

    TestKafka.await(spool::isEmpty);
    Stream stream = Stream.of(session.id(), kafka.entries());
    assertEquals(lines, stream.text());
    assertEquals(0, stream.unexplained() + stream.missing());
    assertTrue(lines().stream().allMatch(each -> each.bytes().length() <= 40_000));
    assertTrue(said.getLast().contains("pieces of at most 32,768 bytes"), said.toString());
  }

  @Test
  void aDerivationThatKafkaNeverTakesIsSaidToBeUnreadable() {
    kafka.refuse(
        entry ->
            entry instanceof LogEntry.Observed observed
                && observed.observation() instanceof Observation.DerivationRead,
        new RecordTooLargeException("too large"));
    SpoolSession session = begin("hostA", 1);
    append(session, "before\n", AT);
    session.append(
        new LogEntry.Observed(
            session.id(),
            AT,
            0,
            new Observation.DerivationRead(7, "/d.drv", "x".repeat(250_000), List.of())));
    append(session, "after\n", AT);
    end(session);

    TestKafka.await(spool::isEmpty);
    assertEquals("before\nafter\n", Stream.of(session.id(), kafka.entries()).text());
    LogEntry.Observed observed =
        kafka.entries().stream()
            .filter(LogEntry.Observed.class::isInstance)
            .map(LogEntry.Observed.class::cast)
            .findFirst()
            .orElseThrow();
    assertInstanceOf(Observation.Unreadable.class, observed.observation());
  }

  @Test
  void aFloodDoesNotStandBeforeAnothersLine() {
    kafka.room(false);
    SpoolSession _ = begin("hostA", 3);
    TestKafka.await(() -> publisher.problem() != null);
    SpoolSession flood = begin("hostA", 1);
    SpoolSession other = begin("hostA", 2);
    append(flood, "flood\n".repeat(5_000_000), AT);
    append(other, "a line\n", AT);
    kafka.room(true);
    TestKafka.await(() -> lines().stream().anyMatch(each -> each.session().equals(other.id())));

    long before =
        lines().stream()
            .takeWhile(each -> each.session().equals(flood.id()))
            .mapToLong(each -> each.bytes().length())
            .sum();
    assertTrue(before <= 1 << 20, before + " bytes came first");
  }

  @Test
  void anOutageIsSaidOnceAndItsEndToo() {
    append(begin("hostA", 1), "there\n", AT);
    TestKafka.await(() -> lines().size() == 1);
    kafka.room(false);
    append(begin("hostA", 2), "away\n", AT);
    TestKafka.await(() -> publisher.problem() != null);
    append(begin("hostA", 3), "away\n", AT);
    kafka.room(true);
    TestKafka.await(() -> lines().size() == 3);

    assertEquals(2, said.size(), said.toString());
    TestKafka.await(() -> publisher.problem() == null);
  }

  @Test
  void settingsOfTheUserWinOverTasteAndNotOverPromises() {
    Map<String, Object> config =
        ProducerSettings.of(
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

  private SpoolSession begin(String host, int number) {
    Source source = new Source(Source.Kind.PIPE, "boot", "", false, null, null);
    return spool.begin(SessionId.at(host, AT, host.hashCode() + number), source, AT).orElseThrow();
  }

  private static void append(SpoolSession session, String text, Instant at) {
    session.append(ByteBuffer.wrap(text.getBytes(UTF_8)), at);
  }

  private static void end(SpoolSession session) {
    session.append(new LogEntry.Closed(session.id(), AT, 0, Ending.end()));
  }

  private List<LogEntry.Lines> lines() {
    return kafka.entries().stream()
        .filter(LogEntry.Lines.class::isInstance)
        .map(each -> (LogEntry.Lines) Objects.requireNonNull(each))
        .toList();
  }
}
