package dev.nixtape.ingest.spool;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.Topic;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.utils.Utils;

/// `nixtape.log` in Kafka, as one producer after another reaches it. Any thread may close it; all
/// else is the publisher's.
final class KafkaLog {
  private final Supplier<Producer<byte[], byte[]>> producers;
  private final String address;
  private final PublishMeters meters;
  private final Map<String, Integer> partitions = new HashMap<>();
  private int partitionCount;
  private volatile Producer<byte[], byte[]> producer;

  /// @param producers makes a producer, and another when that one cannot go on
  KafkaLog(Supplier<Producer<byte[], byte[]>> producers, String address, PublishMeters meters) {
    this.producers = producers;
    this.address = address;
    this.meters = meters;
    this.producer = producers.get();
    meters.bind(producer);
  }

  /// Finds out where the log is, without waiting; the producer's exception says why it cannot.
  /// Returns whether that is news.
  boolean find() {
    if (partitionCount > 0) {
      return false;
    }
    partitionCount = producer.partitionsFor(Topic.LOG.name()).size();
    return partitionCount > 0;
  }

  /// Hands a record to the producer. What it has no room for it refuses by the callback, at once or
  /// later, or by an exception.
  void send(EntryRecord form, Callback callback) {
    Future<RecordMetadata> _ = producer.send(recordOf(form), callback);
  }

  /// Why Kafka takes nothing.
  String words(Exception refusal) {
    return switch (refusal) {
      case TimeoutException timeout when timeout.getCause() != null ->
          "Kafka at %s has no topic %s: start nixtape streams first, or nixtape up"
              .formatted(address, Topic.LOG.name());
      case TimeoutException _ -> "Kafka at %s is out of reach".formatted(address);
      default -> {
        String message = refusal.getMessage();
        yield "Kafka at %s refuses: %s"
            .formatted(address, message == null ? refusal.getClass().getSimpleName() : message);
      }
    };
  }

  private ProducerRecord<byte[], byte[]> recordOf(EntryRecord form) {
    ProducerRecord<byte[], byte[]> kafka =
        new ProducerRecord<>(
            Topic.LOG.name(),
            partition(form.key().substring(0, form.key().indexOf('/'))),
            form.timestamp(),
            form.key().getBytes(UTF_8),
            bytes(form.value()),
            List.of());
    kafka.headers().add(EntryRecord.OFFSET, bytes(form.offset()));
    String kind = form.kind();
    if (kind != null) {
      kafka.headers().add(EntryRecord.KIND, kind.getBytes(UTF_8));
    }
    ByteSlice json = form.entry();
    if (json != null) {
      kafka.headers().add(EntryRecord.ENTRY, bytes(json));
    }
    return kafka;
  }

  /// By host, as Kafka's own partitioner would place that key, so that any client can find a host's
  /// partition.
  private int partition(String host) {
    return partitions.computeIfAbsent(
        host, name -> Utils.toPositive(Utils.murmur2(name.getBytes(UTF_8))) % partitionCount);
  }

  private static byte[] bytes(ByteSlice slice) {
    return slice.length() == slice.array().length ? slice.array() : slice.toArray();
  }

  /// What is not acknowledged has failed.
  void close() {
    producer.close(Duration.ZERO);
  }

  /// Goes on with another producer.
  void startOver() {
    partitionCount = 0;
    partitions.clear();
    producer = producers.get();
    meters.bind(producer);
  }
}
