package dev.nixtape.streams;

import dev.nixtape.projections.tape.Topic;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/// The stores of the topologies in this process.
record StreamsStores(KafkaStreams streams) implements PartitionStores {
  @Override
  public Map<Integer, ReadOnlyKeyValueStore<String, byte[]>> byPartition(
      String store, Topic topic) {
    requireReady();
    Map<Integer, ReadOnlyKeyValueStore<String, byte[]>> stores = new TreeMap<>();
    for (int partition : partitions(topic)) {
      stores.put(
          partition,
          streams.store(
              StoreQueryParameters.fromNameAndType(
                      store, QueryableStoreTypes.<String, byte[]>keyValueStore())
                  .withPartition(partition)));
    }
    return stores;
  }

  @Override
  public Set<Integer> partitions(Topic topic) {
    return streams.metadataForLocalThreads().stream()
        .flatMap(thread -> thread.activeTasks().stream())
        .flatMap(task -> task.topicPartitions().stream())
        .filter(partition -> partition.topic().equals(topic.name()))
        .map(TopicPartition::partition)
        .collect(Collectors.toSet());
  }

  /// Before and between assignments there are no tasks.
  @Override
  public void requireReady() {
    if (streams.state() != KafkaStreams.State.RUNNING) {
      throw new InvalidStateStoreException("the projections are " + streams.state());
    }
  }
}
