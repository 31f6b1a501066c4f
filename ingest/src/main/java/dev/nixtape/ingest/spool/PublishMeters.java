package dev.nixtape.ingest.spool;

import dev.nixtape.projections.tape.LogEntry;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/// What is measured of publishing.
public final class PublishMeters {
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
    Duration.ofSeconds(30),
    Duration.ofMinutes(5),
    Duration.ofHours(1)
  };

  private final MeterRegistry registry;
  private final Timer latency;
  private final Counter chunks;
  private final Counter bytes;
  private final Counter gaps;
  private @Nullable KafkaClientMetrics client;

  public PublishMeters(MeterRegistry registry) {
    this.registry = registry;
    this.latency =
        Timer.builder("nixtape.publish.latency")
            .description("From the arrival of a chunk on this host to Kafka's acknowledgement")
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
    this.chunks =
        Counter.builder("nixtape.published.chunks")
            .description("Chunks that Kafka acknowledged")
            .register(registry);
    this.bytes =
        Counter.builder("nixtape.published.bytes")
            .description("Bytes of chunks that Kafka acknowledged")
            .baseUnit("bytes")
            .register(registry);
    this.gaps =
        Counter.builder("nixtape.published.gaps")
            .description("Gap entries that Kafka acknowledged")
            .register(registry);
  }

  /// Of a process that nobody asks.
  public static PublishMeters none() {
    return new PublishMeters(new CompositeMeterRegistry());
  }

  void bind(Producer<byte[], byte[]> producer) {
    if (client != null) {
      client.close();
      client = null;
    }
    if (!(registry instanceof CompositeMeterRegistry)
        && producer instanceof KafkaProducer<byte[], byte[]> real) {
      client = new KafkaClientMetrics(real);
      client.bindTo(registry);
    }
  }

  void published(LogEntry entry) {
    switch (entry) {
      case LogEntry.Lines lines -> {
        chunks.increment();
        bytes.increment(lines.bytes().length());
        latency.record(
            Math.max(0, System.currentTimeMillis() - lines.at().toEpochMilli()),
            TimeUnit.MILLISECONDS);
      }
      case LogEntry.Gap _ -> gaps.increment();
      case LogEntry.Opened _,
          LogEntry.Observed _,
          LogEntry.Closed _,
          LogEntry.Listening _,
          LogEntry.Reported _ -> {}
    }
  }
}
