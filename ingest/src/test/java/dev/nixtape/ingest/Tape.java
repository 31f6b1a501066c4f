package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.ingest.spool.TestKafka;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// A recorder whose Kafka is Kafka's own test producer, which can be told to have no room; what it
/// took is read back as entries.
final class Tape implements AutoCloseable {
  private final TestKafka kafka;
  private final Recorder recorder;

  private Tape(TestKafka kafka, Path spools, Host host, boolean shim) throws IOException {
    this.kafka = kafka;
    RecorderSettings settings =
        new RecorderSettings(spools, 64L << 20, false, "here:9092", Map.of());
    this.recorder =
        shim
            ? Recorder.ofShim(settings, Path.of("/nix.sock"), host, kafka::publisher, _ -> {})
            : Recorder.ofCommand(settings, host, kafka::publisher, _ -> {});
  }

  /// Of a command, which records at once.
  static Tape ofCommand(Path spools, Host host) throws IOException {
    return new Tape(new TestKafka(), spools, host, false);
  }

  /// Of a shim, which records when it listens.
  static Tape ofShim(Path spools, Host host) throws IOException {
    return new Tape(new TestKafka(), spools, host, true);
  }

  /// The same, publishing to a Kafka that is there already.
  static Tape ofShim(Path spools, Host host, TestKafka kafka) throws IOException {
    return new Tape(kafka, spools, host, true);
  }

  Recorder recorder() {
    return recorder;
  }

  TestKafka kafka() {
    return kafka;
  }

  List<LogEntry> entries() {
    return kafka.entries();
  }

  List<LogEntry> entries(SessionId session) {
    return entries().stream().filter(entry -> entry.session().equals(session)).toList();
  }

  <T extends LogEntry> List<T> entries(Class<T> kind) {
    return entries().stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /// The bytes of a session, one chunk behind the other: its stream.
  String stream(SessionId session) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (LogEntry entry : entries(session)) {
      if (entry instanceof LogEntry.Lines lines) {
        bytes.writeBytes(lines.bytes().toArray());
      }
    }
    return bytes.toString(UTF_8);
  }

  Optional<SessionId> closed() {
    return entries(LogEntry.Closed.class).stream().map(LogEntry.Closed::session).findFirst();
  }

  /// Waits until a session is closed, and returns it.
  SessionId awaitClosed() {
    await(() -> closed().isPresent());
    return closed().orElseThrow();
  }

  static void await(BooleanSupplier condition) {
    TestKafka.await(condition);
  }

  @Override
  public void close() {
    recorder.close(Duration.ZERO);
  }
}
