package dev.nixtape.streams;

import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.history.Decade;
import dev.nixtape.projections.history.History;
import dev.nixtape.projections.tape.Topic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.Stores;

/// The query server over a history of a `Decade`: server, answers and store are the program's own, but the store's rows were not told by
/// Kafka.
///
/// Arguments: `DIRECTORY BUILDS FACTS`. Says `ready http://HOST:PORT`, and ends with its process.
public final class QueryOver {
  public static void main(String[] arguments) throws Exception {
    Topology topology = new Topology();
    topology
        .addSource("none", new StringDeserializer(), new ByteArrayDeserializer(), "none")
        .addProcessor("nothing", Nothing::new, "none")
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.persistentKeyValueStore(HistoryTopology.STORE), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled()
                .withLoggingDisabled(),
            "nothing");
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "decade");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    settings.put(StreamsConfig.STATE_DIR_CONFIG, Path.of(arguments[0]).toString());
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 16L << 20);
    settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, SmallStores.class);
    TopologyTestDriver driver = new TopologyTestDriver(topology, settings);
    KeyValueStore<String, byte[]> store = driver.getKeyValueStore(HistoryTopology.STORE);
    KeyValues values = new StoreKeyValues(store);
    new Decade(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2])).writeTo(values);
    store.flush();
    LiveView live = new LiveView();
    live.opened(0, new History(values));
    LocalPart local = new LocalPart(new One(store), live, null);
    Farm farm = new Farm(local, List::of);
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    QueryServer server = QueryServer.bind("127.0.0.1", 0);
    server.serve(new Routes(new Questions(farm, new DerivationQuestions(farm, farm), local, null, null), Map.of(), meters));
    System.out.println("ready " + server.address());
    Thread.currentThread().join();
  }

  private static final class Nothing implements Processor<String, byte[], Void, Void> {
    @Override
    public void process(Record<String, byte[]> record) {}
  }

  /// One partition, of a history alone.
  private record One(KeyValueStore<String, byte[]> store) implements PartitionStores {
    @Override
    public Map<Integer, ReadOnlyKeyValueStore<String, byte[]>> byPartition(String name, Topic topic) {
      return name.equals(HistoryTopology.STORE) ? Map.of(0, store) : Map.of();
    }

    @Override
    public Set<Integer> partitions(Topic topic) {
      return topic.equals(Topic.BUILDS) ? Set.of(0) : Set.of();
    }

    @Override
    public void requireReady() {}
  }
}
