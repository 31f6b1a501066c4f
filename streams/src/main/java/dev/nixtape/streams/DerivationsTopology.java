package dev.nixtape.streams;

import dev.nixtape.projections.Json;
import dev.nixtape.projections.derivations.KnownDerivation;
import dev.nixtape.projections.derivations.Shelf;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.Topic;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `nixtape.derivations` → the store of what builds need.
final class DerivationsTopology {
  static final String STORE = "derivations";

  /// Of a derivation as JSON: Kafka's default limit for a record is 1 MiB.
  private static final int MAX_BYTES = 900 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(DerivationsTopology.class);

  private static final byte[] NOTHING = {};

  private DerivationsTopology() {}

  /// The derivation that an entry of the log tells of, as a record of the topic.
  static Optional<Record<String, byte[]>> read(LogEntry entry) {
    if (!(entry instanceof LogEntry.Observed observed)) {
      return Optional.empty();
    }
    return switch (observed.observation()) {
      case Observation.DerivationRead read -> record(entry, read.drvPath(), read.text());
      case Observation.DerivationKnown known -> record(entry, known.drvPath(), known.text());
      case Observation.Planned _, Observation.OutputsChecked _, Observation.Unreadable _ ->
          Optional.empty();
    };
  }

  private static Optional<Record<String, byte[]>> record(
      LogEntry entry, String drvPath, String text) {
    byte[] json;
    try {
      json = Json.write(KnownDerivation.of(drvPath, text));
    } catch (IllegalArgumentException notOne) {
      return Optional.empty();
    }
    return json.length > MAX_BYTES
        ? Optional.empty()
        : Optional.of(new Record<>(drvPath, json, entry.at().toEpochMilli()));
  }

  static void addTo(Topology topology) {
    topology
        .addSource(
            "derivations",
            new StringDeserializer(),
            new ByteArrayDeserializer(),
            Topic.DERIVATIONS.name())
        .addProcessor("shelve", ShelfProcessor::new, "derivations")
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled(),
            "shelve");
  }

  private static final class ShelfProcessor implements Processor<String, byte[], Void, Void> {
    private @Nullable Shelf shelf;

    @Override
    public void init(ProcessorContext<Void, Void> context) {
      shelf = new Shelf(new StoreKeyValues(context.getStateStore(STORE)));
    }

    @Override
    public void process(Record<String, byte[]> record) {
      try {
        Objects.requireNonNull(shelf).add(Objects.requireNonNullElse(record.value(), NOTHING));
      } catch (UncheckedIOException | IllegalArgumentException e) {
        LOG.warn(
            "a record of {} is no derivation and is passed over: {}",
            Topic.DERIVATIONS.name(),
            e.getMessage());
      }
    }
  }
}
