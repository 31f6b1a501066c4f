package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.Amendment;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.PackageName;
import dev.nixtape.projections.fold.Fold;
import dev.nixtape.projections.fold.Memory;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Position;
import dev.nixtape.projections.tape.Topic;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `nixtape.log` → the fold → the store of what is live, and `nixtape.builds`; and, as they pass,
/// `nixtape.derivations`.
final class LiveTopology {
  static final String STORE = "live";

  private static final String FACTS = "facts";
  private static final String DERIVATIONS = "known";

  private static final Duration FORGET_EVERY = Duration.ofSeconds(5);

  private static final Logger LOG = LoggerFactory.getLogger(LiveTopology.class);

  private LiveTopology() {}

  static void addTo(Topology topology, LiveView live, FoldMeters meters) {
    topology
        .addSource(
            "log", new ByteArrayDeserializer(), new ByteArrayDeserializer(), Topic.LOG.name())
        .addProcessor("fold", () -> new FoldProcessor(live, meters), "log")
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled(),
            "fold")
        .addSink(
            FACTS,
            Topic.BUILDS.name(),
            new StringSerializer(),
            new ByteArraySerializer(),
            (_, name, _, partitions) -> Optional.of(Set.of(partitionOf(name, partitions))),
            "fold")
        .addSink(
            DERIVATIONS,
            Topic.DERIVATIONS.name(),
            new StringSerializer(),
            new ByteArraySerializer(),
            "fold");
  }

  /// All versions of a package in one partition, so that they can be compared there.
  private static int partitionOf(String name, int partitions) {
    return BuiltInPartitioner.partitionForKey(PackageName.of(name).getBytes(UTF_8), partitions);
  }

  private static final class FoldProcessor implements Processor<byte[], byte[], String, byte[]> {
    private final LiveView live;
    private final FoldMeters meters;
    private @Nullable ProcessorContext<String, byte[]> context;
    private @Nullable Memory memory;
    private @Nullable Fold fold;
    private @Nullable Reached reached;

    FoldProcessor(LiveView live, FoldMeters meters) {
      this.live = live;
      this.meters = meters;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
      this.context = context;
      Memory memory = new Memory(new StoreKeyValues(context.getStateStore(STORE)));
      this.memory = memory;
      fold =
          new Fold(
              memory, fact -> publish(fact, context), amendment -> publish(amendment, context));
      reached = live.opened(context.taskId().partition(), memory);
      context.schedule(FORGET_EVERY, PunctuationType.WALL_CLOCK_TIME, _ -> live.forgetOld());
    }

    private void publish(Build fact, ProcessorContext<String, byte[]> to) {
      live.finished(fact);
      meters.published();
      to.forward(
          new Record<>(
              fact.name(),
              BuildJson.write(fact),
              java.util.Objects.requireNonNull(fact.finishedAt()).toEpochMilli(),
              HistoryTopology.versioned()),
          FACTS);
    }

    /// Its key is the fact's, so that they are in one partition.
    private void publish(Amendment amendment, ProcessorContext<String, byte[]> to) {
      live.amended(amendment);
      to.forward(
          new Record<>(
              amendment.name(),
              Json.write(amendment),
              amendment.finishedAt().toEpochMilli(),
              HistoryTopology.amending()),
          FACTS);
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
      fold(record, at);
      java.util.Objects.requireNonNull(reached).folded(at.offset());
    }

    private void fold(Record<byte[], byte[]> record, RecordMetadata at) {
      long began = System.nanoTime();
      LogEntry entry;
      try {
        entry = LogRecords.read(record.key(), record.timestamp(), record.value(), record.headers());
      } catch (IllegalArgumentException e) {
        meters.passedOver();
        LOG.warn(
            "{} partition {} offset {} was not written by a shim and is passed over: {}",
            at.topic(),
            at.partition(),
            at.offset(),
            e.getMessage());
        return;
      }
      Position position = new Position(at.partition(), at.offset());
      java.util.Objects.requireNonNull(fold).apply(entry, position);
      DerivationsTopology.read(entry)
          .ifPresent(derivation ->
              java.util.Objects.requireNonNull(context).forward(derivation, DERIVATIONS));
      meters.folded(record.timestamp(), began);
    }

    @Override
    public void close() {
      if (context != null && memory != null) {
        live.closed(context.taskId().partition(), memory);
      }
    }
  }
}
