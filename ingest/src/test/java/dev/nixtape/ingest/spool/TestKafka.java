package dev.nixtape.ingest.spool;

import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/// Kafka's own test producers, one after the other, and what they took.
public final class TestKafka {
  public static final int PARTITIONS = 4;

  private final List<ProducerRecord<byte[], byte[]>> log =
      Collections.synchronizedList(new ArrayList<>());
  private final List<Producer> producers = new CopyOnWriteArrayList<>();
  private volatile boolean room = true;
  private volatile boolean acknowledging = true;
  private volatile @Nullable RuntimeException refusal;
  private volatile Predicate<LogEntry> refused = _ -> false;

  public Publisher publisher(Consumer<String> say) {
    return new Publisher(
        () -> {
          Producer producer = new Producer();
          producers.add(producer);
          return producer;
        },
        "here:9092",
        PublishMeters.none(),
        say);
  }

  /// Whether a producer has room for records.
  public void room(boolean room) {
    this.room = room;
  }

  /// Whether records are acknowledged as they come.
  public void acknowledging(boolean acknowledging) {
    this.acknowledging = acknowledging;
  }

  /// Acknowledges the next record that waits for it; false when none does.
  public boolean acknowledge() {
    return producers.getLast().completeNext();
  }

  /// Refuses the next record that waits for its acknowledgement.
  public void refuse(RuntimeException why) {
    producers.getLast().errorNext(why);
  }

  /// Refuses some entries as they are sent; null for no more.
  public void refuse(Predicate<LogEntry> some, @Nullable RuntimeException why) {
    refused = some;
    refusal = why;
  }

  /// What is in the log: a record whose producer was closed before it was acknowledged may be there
  /// all the same.
  public List<ProducerRecord<byte[], byte[]>> records() {
    synchronized (log) {
      return List.copyOf(log);
    }
  }

  public List<LogEntry> entries() {
    return records().stream().map(TestKafka::entry).toList();
  }

  /// Waits for a condition, for 20 s at most.
  public static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited 20 s in vain");
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  public int producers() {
    return producers.size();
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

  private final class Producer extends MockProducer<byte[], byte[]> {
    Producer() {
      super(cluster(), false, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static Cluster cluster() {
      Node node = new Node(0, "here", 9092);
      Node[] nodes = {node};
      return new Cluster(
          "tape",
          List.of(node),
          IntStream.range(0, PARTITIONS)
              .mapToObj(i -> new PartitionInfo(Topic.LOG.name(), i, node, nodes, nodes))
              .toList(),
          java.util.Set.of(),
          java.util.Set.of());
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> kafka, @Nullable Callback callback) {
      RuntimeException why =
          !room
              ? new BufferExhaustedException("no room")
              : refused.test(entry(kafka)) ? refusal : null;
      if (why != null && callback != null) {
        callback.onCompletion(null, why);
        return CompletableFuture.failedFuture(why);
      }
      Future<RecordMetadata> sent = super.send(kafka, callback);
      log.add(kafka);
      if (acknowledging) {
        completeNext();
      }
      return sent;
    }

    /// As the real one: what was not acknowledged has failed.
    @Override
    public void close(Duration timeout) {
      if (!closed()) {
        super.close(timeout);
        while (errorNext(new KafkaException("Producer is closed forcefully."))) {}
      }
    }
  }
}
