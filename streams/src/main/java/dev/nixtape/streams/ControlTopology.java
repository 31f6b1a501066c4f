package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.control.Audit;
import dev.nixtape.projections.control.ControlRecord;
import dev.nixtape.projections.tape.Topic;
import java.time.Instant;
import java.util.Objects;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `nixtape.control` → the store of commands and what became of them.
final class ControlTopology {
  static final String STORE = "control";

  private static final Logger LOG = LoggerFactory.getLogger(ControlTopology.class);

  private static final byte[] NOTHING = {};

  private ControlTopology() {}

  static void addTo(Topology topology, FoldMeters meters) {
    topology
        .addSource(
            AutoOffsetReset.earliest(),
            "control",
            // A record without a time may be a command all the same; Kafka Streams would stop at
            // it.
            (record, _) -> Math.max(0, record.timestamp()),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            Topic.CONTROL.name())
        .addProcessor("audit", () -> new AuditProcessor(meters), "control")
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled(),
            "audit");
  }

  private static final class AuditProcessor implements Processor<byte[], byte[], Void, Void> {
    private final FoldMeters meters;
    private @Nullable ProcessorContext<Void, Void> context;
    private @Nullable Audit audit;

    AuditProcessor(FoldMeters meters) {
      this.meters = meters;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
      this.context = context;
      audit = new Audit(new StoreKeyValues(context.getStateStore(STORE)));
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      RecordMetadata at = Objects.requireNonNull(context).recordMetadata().orElseThrow();
      try {
        ControlRecord read =
            ControlRecord.read(
                record.value(),
                name -> {
                  Header header = record.headers().lastHeader(name);
                  return header == null ? null : header.value();
                });
        Objects.requireNonNull(audit)
            .add(
                read,
                new String(Objects.requireNonNullElse(record.key(), NOTHING), UTF_8),
                Instant.ofEpochMilli(record.timestamp()),
                at.offset());
      } catch (IllegalArgumentException e) {
        meters.unreadable();
        LOG.warn(
            "{} partition {} offset {} is neither command nor result and is passed over: {}",
            at.topic(),
            at.partition(),
            at.offset(),
            e.getMessage());
      }
    }
  }
}
