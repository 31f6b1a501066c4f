package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.Json;
import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.ControlRecord;
import dev.nixtape.projections.control.ControlRecord.Ordered;
import dev.nixtape.projections.control.Result;
import dev.nixtape.projections.control.Result.Ending;
import dev.nixtape.projections.tape.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// What stands in for the agents of all hosts: it reads what is put on record from now on, and
/// answers what a test wants.
final class Agent implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final KafkaProducer<byte[], byte[]> producer;
  private final Queue<Seen> seen = new ArrayDeque<>();

  /// A command as it stands in the topic.
  record Seen(Ordered order, Command command, int partition, long offset) {}

  Agent(String bootstrapServers) {
    consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", bootstrapServers),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    List<TopicPartition> all =
        consumer.partitionsFor(Topic.CONTROL.name()).stream()
            .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
            .toList();
    consumer.assign(all);
    consumer.seekToEnd(all);
    all.forEach(consumer::position);
  }

  /// The next command that somebody put on record.
  Seen next() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (seen.isEmpty()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("no command came");
      }
      consumer.poll(Duration.ofMillis(50)).forEach(this::see);
    }
    return seen.remove();
  }

  /// Whether there is a command at all that nobody asked for yet.
  boolean sees() {
    consumer.poll(Duration.ofMillis(200)).forEach(this::see);
    return !seen.isEmpty();
  }

  private void see(ConsumerRecord<byte[], byte[]> record) {
    Header kind = record.headers().lastHeader(ControlRecord.KIND);
    if (kind == null) {
      return;
    }
    ControlRecord read =
        ControlRecord.read(record.value(), name -> record.headers().lastHeader(name).value());
    if (read instanceof Ordered order) {
      Command command = order.command();
      if (!new String(record.key(), UTF_8).equals(command.host())) {
        throw new AssertionError("a command for " + command.host() + " under another key");
      }
      seen.add(new Seen(order, command, record.partition(), record.offset()));
    }
  }

  void answer(Seen command, Ending ending) {
    answer(command, command.offset(), ending);
  }

  void answer(Seen command, long offset, Ending ending) {
    String host = command.command().host();
    Result result = new Result(command.command().id(), host, offset, Instant.now(), ending);
    write(
        host,
        Json.write(result),
        List.of(new RecordHeader(ControlRecord.KIND, ControlRecord.RESULT.getBytes(UTF_8))));
  }

  /// The same record once more.
  void repeat(Seen command) {
    write(
        command.command().host(),
        command.order().json().toArray(),
        List.of(
            new RecordHeader(ControlRecord.KIND, ControlRecord.COMMAND.getBytes(UTF_8)),
            new RecordHeader(ControlRecord.KEY, command.order().key().getBytes(UTF_8)),
            new RecordHeader(ControlRecord.SIGNATURE, command.order().signature().toArray())));
  }

  void write(String key, byte[] value, List<Header> headers) {
    try {
      producer
          .send(
              new ProducerRecord<>(
                  Topic.CONTROL.name(), null, null, key.getBytes(UTF_8), value, headers))
          .get();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    consumer.close();
    producer.close();
  }
}
