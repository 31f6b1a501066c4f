package dev.nixtape.streams;

import dev.nixtape.projections.Amendment;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.fold.Fold;
import dev.nixtape.projections.history.History;
import dev.nixtape.projections.tape.Topic;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `nixtape.builds` → the store of what finished: by time, by name, by day.
final class HistoryTopology {
  static final String STORE = "history";

  private static final Logger LOG = LoggerFactory.getLogger(HistoryTopology.class);

  /// Which version of the fold derived a fact.
  private static final String VERSION_HEADER = "v";

  private static final String CLEANED_HEADER = "cleaned";

  private static final String AMENDING_HEADER = "amending";

  private static final Duration LOOK_EVERY = Duration.ofMinutes(1);

  private static final byte[] VERSION =
      Integer.toString(Fold.VERSION).getBytes(StandardCharsets.US_ASCII);

  /// A record without value, which nixtape does not write.
  private static final byte[] NOTHING = {};

  private HistoryTopology() {}

  /// The headers of a fact that this version derives.
  static Headers versioned() {
    return new RecordHeaders().add(VERSION_HEADER, VERSION);
  }

  /// The headers of a record that says: forget what finished before that day.
  static Headers cleaned(Instant before) {
    return versioned().add(CLEANED_HEADER, before.toString().getBytes(StandardCharsets.US_ASCII));
  }

  /// The headers of a record that is no fact, but adds to one.
  static Headers amending() {
    return versioned().add(AMENDING_HEADER, NOTHING);
  }

  static void addTo(Topology topology, LiveView live, Duration kept) {
    topology
        .addSource(
            "builds", new StringDeserializer(), new ByteArrayDeserializer(), Topic.BUILDS.name())
        .addProcessor("remember", () -> new HistoryProcessor(live, kept), "builds")
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled(),
            "remember");
  }

  private static final class HistoryProcessor implements Processor<String, byte[], Void, Void> {
    private final LiveView live;
    private final Duration kept;
    private @Nullable History history;
    private int partition;

    HistoryProcessor(LiveView live, Duration kept) {
      this.live = live;
      this.kept = kept;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
      History opened = new History(new StoreKeyValues(context.getStateStore(STORE)));
      partition = context.taskId().partition();
      history = opened;
      live.opened(partition, opened);
      context.schedule(
          LOOK_EVERY,
          PunctuationType.WALL_CLOCK_TIME,
          now -> opened.keepFrom(Instant.ofEpochMilli(now).minus(kept)));
    }

    @Override
    public void close() {
      live.closed(partition, Objects.requireNonNull(history));
    }

    @Override
    public void process(Record<String, byte[]> record) {
      Header version = record.headers().lastHeader(VERSION_HEADER);
      if (version == null || !Arrays.equals(version.value(), VERSION)) {
        // Derived by another version: this one folds the same log, and says it itself.
        return;
      }
      Header cleaned = record.headers().lastHeader(CLEANED_HEADER);
      if (cleaned != null) {
        Objects.requireNonNull(history)
            .clean(Instant.parse(new String(cleaned.value(), StandardCharsets.US_ASCII)));
        return;
      }
      History known = Objects.requireNonNull(history);
      byte[] value = Objects.requireNonNullElse(record.value(), NOTHING);
      if (record.headers().lastHeader(AMENDING_HEADER) != null) {
        read(() -> Json.read(value, Amendment.class)).ifPresent(known::amend);
      } else {
        read(() -> BuildJson.read(value))
            .ifPresent(fact -> {
              known.add(fact, value);
              live.arrived(fact);
            });
      }
    }

    private static <T> Optional<T> read(Supplier<T> reading) {
      try {
        return Optional.of(reading.get());
      } catch (UncheckedIOException | IllegalArgumentException e) {
        LOG.warn(
            "a record of {} is no fact and is passed over: {}",
            Topic.BUILDS.name(),
            e.getMessage());
        return Optional.empty();
      }
    }
  }
}
