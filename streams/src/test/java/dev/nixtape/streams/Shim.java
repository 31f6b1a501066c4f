package dev.nixtape.streams;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.LogEntry.Ending;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import dev.nixtape.projections.tape.Topic;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Sessions of a host as a shim writes them.
final class Shim {
  private static final Source SOURCE =
      new Source(
          Source.Kind.SOCKET,
          "boot",
          "/run/nixtape/nix.sock",
          false,
          new Source.Process(77, 1000L, "alice", List.of("nix", "build")),
          null);

  private Shim() {}

  /// A whole session: opened, the bytes in chunks, closed.
  static List<LogEntry> session(String host, int number, byte[] bytes, int chunk) {
    SessionId id = SessionId.at(host, Instant.parse("2026-01-31T14:03:00Z"), number);
    Instant at = Instant.parse("2026-01-31T14:03:00Z");
    List<LogEntry> entries = new ArrayList<>();
    entries.add(new LogEntry.Opened(id, at, SOURCE));
    for (int from = 0; from < bytes.length; from += chunk) {
      at = at.plusMillis(10);
      entries.add(
          new LogEntry.Lines(
              id, at, from, ByteSlice.of(bytes, from, Math.min(bytes.length, from + chunk))));
    }
    entries.add(new LogEntry.Closed(id, at, bytes.length, Ending.end()));
    return entries;
  }

  /// A session that is open, with a build that runs.
  static List<LogEntry> running(String host, int number, String drvPath) {
    ByteSlice start =
        line(
            "{\"action\":\"start\",\"fields\":[\"%s\",\"\",1,1],\"id\":%d,\"level\":3,\"parent\":0,\"text\":\"\",\"type\":105}"
                .formatted(drvPath, number));
    List<LogEntry> entries = session(host, number, start.toArray(), start.length());
    return entries.subList(0, entries.size() - 1);
  }

  /// A whole session that builds derivations of these names, one after the other, and reads each.
  static List<LogEntry> builds(String host, int number, List<String> names) {
    SessionId id = SessionId.at(host, Instant.parse("2026-01-31T14:03:00Z"), number);
    Instant at = Instant.parse("2026-01-31T14:03:00Z");
    List<LogEntry> entries = new ArrayList<>();
    entries.add(new LogEntry.Opened(id, at, SOURCE));
    long offset = 0;
    long activity = 0;
    for (String name : names) {
      String drvPath = drvPath(++activity, name);
      ByteSlice start =
          line(
              "{\"action\":\"start\",\"fields\":[\"%s\",\"\",1,1],\"id\":%d,\"level\":3,\"parent\":0,\"text\":\"\",\"type\":105}"
                  .formatted(drvPath, activity));
      ByteSlice stop = line("{\"action\":\"stop\",\"id\":%d}".formatted(activity));
      at = at.plusMillis(10);
      entries.add(new LogEntry.Lines(id, at, offset, start));
      offset += start.length();
      entries.add(
          new LogEntry.Observed(
              id,
              at,
              offset,
              new Observation.DerivationRead(
                  activity,
                  drvPath,
                  "Derive([(\"out\",\"/o\",\"\",\"\")],[],[],\"x86_64-linux\",\"/bin/sh\",[],[])",
                  List.of())));
      at = at.plusMillis(10);
      entries.add(new LogEntry.Lines(id, at, offset, stop));
      offset += stop.length();
    }
    entries.add(new LogEntry.Closed(id, at, offset, Ending.end()));
    return entries;
  }

  /// The begin of a session that builds one derivation.
  ///
  /// @param machine to which it is sent, "" to none
  static List<LogEntry> begin(String host, String drvPath, String machine, Instant at) {
    SessionId id = SessionId.at(host, at, 1);
    return List.of(
        new LogEntry.Opened(id, at, SOURCE),
        new LogEntry.Lines(id, at, 0, start(drvPath, machine)));
  }

  /// Its end.
  static List<LogEntry> end(
      String host, String drvPath, String machine, Instant begunAt, Instant at) {
    SessionId id = SessionId.at(host, begunAt, 1);
    long offset = start(drvPath, machine).length();
    ByteSlice stop = line("{\"action\":\"stop\",\"id\":1}");
    return List.of(
        new LogEntry.Lines(id, at, offset, stop),
        new LogEntry.Closed(id, at, offset + stop.length(), Ending.end()));
  }

  private static ByteSlice start(String drvPath, String machine) {
    return line(
        "{\"action\":\"start\",\"fields\":[\"%s\",\"%s\",1,1],\"id\":1,\"level\":3,\"parent\":0,\"text\":\"\",\"type\":105}"
            .formatted(drvPath, machine));
  }

  /// Of the `number`th derivation that a session builds.
  static String drvPath(long number, String name) {
    return "/nix/store/%032d-%s.drv".formatted(number, name);
  }

  private static ByteSlice line(String json) {
    byte[] bytes = (json + "\n").getBytes(StandardCharsets.UTF_8);
    return ByteSlice.of(bytes, 0, bytes.length);
  }

  static void publish(EmbeddedKafka kafka, List<LogEntry> session, int partition) {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (LogEntry entry : session) {
        var _ = producer.send(record(entry, partition));
      }
    }
  }

  static ProducerRecord<byte[], byte[]> record(LogEntry entry, int partition) {
    EntryRecord encoded = EntryRecord.of(entry);
    RecordHeaders headers = new RecordHeaders();
    headers.add(EntryRecord.OFFSET, encoded.offset().toArray());
    if (encoded.kind() != null) {
      headers.add(EntryRecord.KIND, encoded.kind().getBytes(StandardCharsets.UTF_8));
      headers.add(EntryRecord.ENTRY, Objects.requireNonNull(encoded.entry()).toArray());
    }
    return new ProducerRecord<>(
        Topic.LOG.name(),
        partition,
        encoded.timestamp(),
        encoded.key().getBytes(StandardCharsets.UTF_8),
        encoded.value().toArray(),
        headers);
  }

  static byte[] recording(String name) {
    try (InputStream file = Shim.class.getResourceAsStream("/recordings/" + name + ".log")) {
      return Objects.requireNonNull(file, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
