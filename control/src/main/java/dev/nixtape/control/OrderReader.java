package dev.nixtape.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.control.ControlRecord;
import dev.nixtape.projections.tape.Topic;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/// Reads what is ordered of a host, in its order; first what came when no agent listened.
final class OrderReader implements AutoCloseable {
  private static final Duration POLL = Duration.ofSeconds(5);
  private static final Duration RETRY = Duration.ofMillis(500);

  /// Hears what is addressed to the host, but for results. On the reader's thread.
  interface Listener {
    /// @param answered by an agent of this host in an earlier life
    void ordered(long offset, ControlRecord.Ordered order, boolean answered);

    /// A record that is no command.
    void unreadable(long offset, IllegalArgumentException why);
  }

  private final Kafka kafka;
  private final String host;
  private final InstantSource clock;
  private final Listener listener;
  private final Consumer<String> say;
  private final Thread thread;
  private volatile boolean closed;

  // The thread's own:
  /// Behind what was heard; -1 at first.
  private long next = -1;

  /// What was said last of what is wrong; "" when nothing is.
  private String problem = "";

  OrderReader(
      Kafka kafka, String host, InstantSource clock, Listener listener, Consumer<String> say) {
    this.kafka = kafka;
    this.host = host;
    this.clock = clock;
    this.listener = listener;
    this.say = say;
    this.thread = Thread.ofPlatform().daemon().name("nixtape-orders").start(this::run);
  }

  private void run() {
    while (!closed) {
      KafkaConsumer<byte[], byte[]> consumer = kafka.consumer();
      try {
        follow(consumer);
      } catch (InvalidOffsetException e) {
        // The topic was made anew, or records that nobody read were deleted.
        next = -1;
        problem(String.valueOf(e.getMessage()));
      } catch (RuntimeException e) {
        problem(kafka.words(Topic.CONTROL, e));
      } finally {
        consumer.close(CloseOptions.timeout(Duration.ZERO));
      }
      LockSupport.parkNanos(RETRY.toNanos());
    }
  }

  private void problem(String words) {
    if (!closed && !words.equals(problem)) {
      problem = words;
      say.accept("no command is heard: " + words);
    }
  }

  private void follow(KafkaConsumer<byte[], byte[]> consumer) {
    List<PartitionInfo> partitions = consumer.partitionsFor(Topic.CONTROL.name(), POLL);
    if (partitions.isEmpty()) {
      problem(kafka.noTopic(Topic.CONTROL));
      return;
    }
    TopicPartition partition =
        new TopicPartition(Topic.CONTROL.name(), Kafka.partition(host, partitions.size()));
    consumer.assign(List.of(partition));
    if (next < 0) {
      catchUp(consumer, partition);
    } else {
      consumer.seek(partition, next);
    }
    if (!problem.isEmpty()) {
      problem = "";
      say.accept("commands are heard again");
    }
    while (!closed) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        next = record.offset() + 1;
        if (isOurs(record)) {
          hear(record, false);
        }
      }
    }
  }

  /// Hears what may be obeyed still, and what tells replays from it.
  private void catchUp(KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition) {
    long end = Objects.requireNonNull(consumer.endOffsets(List.of(partition)).get(partition));
    OffsetAndTimestamp begin =
        consumer
            .offsetsForTimes(Map.of(partition, clock.instant().minus(SeenIds.KEPT).toEpochMilli()))
            .get(partition);
    consumer.seek(partition, begin == null ? end : begin.offset());
    List<ConsumerRecord<byte[], byte[]>> orders = new ArrayList<>();
    Set<Long> answered = new HashSet<>();
    while (consumer.position(partition) < end) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        if (!isOurs(record)) {
          continue;
        }
        Long answer = answered(record);
        if (answer == null) {
          orders.add(record);
        } else {
          answered.add(answer);
        }
      }
    }
    next = consumer.position(partition);
    orders.forEach(order -> hear(order, answered.contains(order.offset())));
  }

  private boolean isOurs(ConsumerRecord<byte[], byte[]> record) {
    return record.key() != null && new String(record.key(), UTF_8).equals(host);
  }

  /// The offset that a result answers; null when it is none.
  private static @Nullable Long answered(ConsumerRecord<byte[], byte[]> record) {
    try {
      return read(record) instanceof ControlRecord.Answered(var result) ? result.offset() : null;
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  private void hear(ConsumerRecord<byte[], byte[]> record, boolean answered) {
    try {
      if (read(record) instanceof ControlRecord.Ordered order) {
        listener.ordered(record.offset(), order, answered);
      }
    } catch (IllegalArgumentException e) {
      if (!answered) {
        listener.unreadable(record.offset(), e);
      }
    }
  }

  private static ControlRecord read(ConsumerRecord<byte[], byte[]> record) {
    return ControlRecord.read(
        record.value(),
        name -> {
          Header header = record.headers().lastHeader(name);
          return header == null ? null : header.value();
        });
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
