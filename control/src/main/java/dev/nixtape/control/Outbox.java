package dev.nixtape.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.control.ControlRecord;
import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.control.Result;
import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;

/// What an agent tells Kafka, all of it in its host's partition. Any thread may tell something.
final class Outbox implements AutoCloseable {
  /// What a record may hold, below Kafka's own limit of 1 MiB.
  static final int MAX_BYTES = 900_000;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(20);
  private static final Duration LAST_PAUSE = Duration.ofMillis(500);

  /// Until Kafka is called away: a producer has to find it first.
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private static final Duration GRACE = Duration.ofSeconds(2);

  private final Kafka kafka;
  private final String host;
  private final Consumer<String> say;
  private volatile KafkaProducer<byte[], byte[]> producer;

  // Guarded by this:
  /// What was said last of what is wrong; "" when nothing is.
  private String problem = "";

  private long failingSince;
  private boolean closed;

  Outbox(Kafka kafka, String host, Consumer<String> say) {
    this.kafka = kafka;
    this.host = host;
    this.say = say;
    this.producer = kafka.producer();
  }

  record Message(
      Topic topic, String key, Instant at, ByteSlice value, Map<String, ByteSlice> headers) {
    static Message of(Result result) {
      return new Message(
          Topic.CONTROL,
          result.host(),
          result.at(),
          ByteSlice.of(Json.write(result)),
          Map.of(ControlRecord.KIND, ByteSlice.of(ControlRecord.RESULT)));
    }

    static Message of(HostSample sample) {
      return new Message(
          Topic.HOSTS, sample.host(), sample.at(), ByteSlice.of(Json.write(sample)), Map.of());
    }

    static Message of(LogEntry.Reported reported) {
      EntryRecord record = EntryRecord.of(reported);
      return new Message(
          Topic.LOG,
          record.key(),
          reported.at(),
          record.value(),
          Map.of(
              EntryRecord.OFFSET,
              record.offset(),
              EntryRecord.KIND,
              ByteSlice.of(Objects.requireNonNull(record.kind())),
              EntryRecord.ENTRY,
              Objects.requireNonNull(record.entry())));
    }
  }

  /// Tells it until Kafka has it, or until it is not wanted any more. Returns whether Kafka has it.
  boolean publish(Message message, BooleanSupplier wanted) throws InterruptedException {
    for (Duration pause = FIRST_PAUSE; wanted.getAsBoolean(); pause = longer(pause)) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      KafkaProducer<byte[], byte[]> current = producer;
      try {
        current.send(record(current, message)).get();
        works();
        return true;
      } catch (InterruptException e) {
        throw (InterruptedException) new InterruptedException().initCause(e);
      } catch (ExecutionException e) {
        failed(current, message.topic(), Objects.requireNonNullElse(e.getCause(), e));
      } catch (KafkaException | IllegalStateException e) {
        failed(current, message.topic(), e);
      }
      Thread.sleep(pause);
    }
    return false;
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LAST_PAUSE) < 0 ? twice : LAST_PAUSE;
  }

  /// Tells it once, without waiting: what Kafka does not take is lost.
  void offer(Message message) {
    KafkaProducer<byte[], byte[]> current = producer;
    try {
      var _ =
          current.send(
              record(current, message),
              (_, failure) -> {
                if (failure == null) {
                  works();
                } else {
                  failed(current, message.topic(), failure);
                }
              });
    } catch (KafkaException | IllegalStateException e) {
      failed(current, message.topic(), e);
    }
  }

  private ProducerRecord<byte[], byte[]> record(
      KafkaProducer<byte[], byte[]> producer, Message message) {
    String topic = message.topic().name();
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(
            topic,
            Kafka.partition(host, producer.partitionsFor(topic).size()),
            message.at().toEpochMilli(),
            message.key().getBytes(UTF_8),
            message.value().toArray());
    message.headers().forEach((name, value) -> record.headers().add(name, value.toArray()));
    return record;
  }

  private synchronized void works() {
    failingSince = 0;
    if (!problem.isEmpty()) {
      problem = "";
      say.accept("Kafka at %s takes what control has to tell again".formatted(kafka.servers()));
    }
  }

  private synchronized void failed(
      KafkaProducer<byte[], byte[]> failed, Topic topic, Throwable failure) {
    if (closed) {
      return;
    }
    long now = System.nanoTime();
    if (failingSince == 0) {
      failingSince = now;
    }
    String words = kafka.words(topic, failure);
    if (now - failingSince > PATIENCE.toNanos() && !words.equals(problem)) {
      problem = words;
      say.accept(words + "; control goes on trying");
    }
    // After some failures a producer takes nothing any more.
    if (!(failure instanceof RetriableException) && failed.equals(producer)) {
      failed.close(Duration.ZERO);
      producer = kafka.producer();
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    producer.close(GRACE);
  }
}
