package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Topic;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/// The far end of the publisher: Kafka's own test producer, which can be told to have no room, read
/// back as entries.
final class Tape implements AutoCloseable {
  private static final int PARTITIONS = 4;

  private final Kafka kafka;
  private final LogWriter writer;

  private Tape(boolean acknowledging) {
    kafka = new Kafka(acknowledging);
    writer = new LogWriter(kafka, "here:9092", _ -> {});
  }

  static Tape acknowledging() {
    return new Tape(true);
  }

  /// Takes records; the test acknowledges them.
  static Tape silent() {
    return new Tape(false);
  }

  LogWriter writer() {
    return writer;
  }

  MockProducer<byte[], byte[]> kafka() {
    return kafka;
  }

  void room(boolean room) {
    kafka.room = room;
  }

  List<LogEntry> entries() {
    return kafka.history().stream().map(Tape::entry).toList();
  }

  List<LogEntry> entries(SessionId session) {
    return entries().stream().filter(entry -> entry.session().equals(session)).toList();
  }

  <T extends LogEntry> List<T> entries(Class<T> kind) {
    return entries().stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /// The values of a session, one behind the other: its stream.
  String stream(SessionId session) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (ProducerRecord<byte[], byte[]> each : kafka.history()) {
      if (new String(each.key(), UTF_8).equals(session.key())) {
        bytes.writeBytes(each.value());
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
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited 20 s in vain");
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Override
  public void close() {
    writer.close(java.time.Duration.ZERO);
  }

  private static LogEntry entry(ProducerRecord<byte[], byte[]> kafka) {
    return EntryRecord.read(
        kafka.key(),
        kafka.timestamp(),
        kafka.value(),
        name -> {
          Header header = kafka.headers().lastHeader(name);
          return header == null ? null : header.value();
        });
  }

  private static final class Kafka extends MockProducer<byte[], byte[]> {
    private volatile boolean room = true;

    Kafka(boolean acknowledging) {
      super(cluster(), acknowledging, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static Cluster cluster() {
      Node node = new Node(0, "here", 9092);
      Node[] nodes = {node};
      return new Cluster(
          "tape",
          nodes(node),
          IntStream.range(0, PARTITIONS)
              .mapToObj(i -> new PartitionInfo(Topic.LOG.name(), i, node, nodes, nodes))
              .toList(),
          java.util.Set.of(),
          java.util.Set.of());
    }

    private static List<Node> nodes(Node node) {
      return List.of(node);
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> kafka, @Nullable Callback callback) {
      if (!room && callback != null) {
        BufferExhaustedException full = new BufferExhaustedException("no room");
        callback.onCompletion(null, full);
        return CompletableFuture.failedFuture(full);
      }
      return super.send(kafka, callback);
    }
  }
}
