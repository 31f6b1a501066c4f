package dev.nixtape.streams;

import dev.nixtape.projections.Fact;
import dev.nixtape.projections.fold.Fold;
import dev.nixtape.projections.fold.Memory;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Position;
import dev.nixtape.projections.tape.Topic;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `nixtape.log` → the fold → the store of what is live, and `nixtape.builds`.
final class LiveTopology {
  static final String STORE = "live";

  private static final Logger LOG = LoggerFactory.getLogger(LiveTopology.class);

  private LiveTopology() {}

  static void addTo(Topology topology) {
    topology
        .addSource(
            "log", new ByteArrayDeserializer(), new ByteArrayDeserializer(), Topic.LOG.name())
        .addProcessor("fold", FoldProcessor::new, "log")
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled(),
            "fold")
        .addSink(
            "facts",
            Topic.BUILDS.name(),
            new StringSerializer(),
            new ByteArraySerializer(),
            "fold");
  }

  private static final class FoldProcessor implements Processor<byte[], byte[], String, byte[]> {
    private @Nullable ProcessorContext<String, byte[]> context;
    private @Nullable Fold fold;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
      this.context = context;
      this.fold = new Fold(new Memory(new StoreKeyValues(context.getStateStore(STORE))));
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      var to = java.util.Objects.requireNonNull(context);
      RecordMetadata at = to.recordMetadata().orElseThrow();
      if (at instanceof ProcessorRecordContext held) {
        // For dead letters, Kafka keeps the whole record with every cached entry that is put while
        // it is processed, and does not count
        // it: thousands of chunks that the heap has no room for.
        held.freeRawRecord();
      }
      LogEntry entry;
      try {
        entry = LogRecords.read(record.key(), record.timestamp(), record.value(), record.headers());
      } catch (IllegalArgumentException e) {
        LOG.warn(
            "{} partition {} offset {} was not written by a shim and is passed over: {}",
            at.topic(),
            at.partition(),
            at.offset(),
            e.getMessage());
        return;
      }
      Position position = new Position(at.partition(), at.offset());
      for (Fact fact : java.util.Objects.requireNonNull(fold).apply(entry, position)) {
        to.forward(
            new Record<>(
                fact.build().name(),
                fact.json().bytes(),
                java.util.Objects.requireNonNull(fact.build().finishedAt()).toEpochMilli()));
      }
    }
  }
}
