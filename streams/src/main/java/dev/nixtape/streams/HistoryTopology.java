package dev.nixtape.streams;

import dev.nixtape.projections.Fact;
import dev.nixtape.projections.history.History;
import dev.nixtape.projections.tape.Topic;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/// `nixtape.builds` → the store of what finished: by time, by name, by day.
final class HistoryTopology {
  static final String STORE = "history";

  private HistoryTopology() {}

  static void addTo(Topology topology) {
    topology
        .addSource(
            "builds", new StringDeserializer(), new ByteArrayDeserializer(), Topic.BUILDS.name())
        .addProcessor("remember", HistoryProcessor::new, "builds")
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled(),
            "remember");
  }

  private static final class HistoryProcessor implements Processor<String, byte[], Void, Void> {
    private @Nullable History history;

    @Override
    public void init(ProcessorContext<Void, Void> context) {
      history = new History(new StoreKeyValues(context.getStateStore(STORE)));
    }

    @Override
    public void process(Record<String, byte[]> record) {
      java.util.Objects.requireNonNull(history).add(Fact.read(record.value()));
    }
  }
}
