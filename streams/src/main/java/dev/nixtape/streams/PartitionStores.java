package dev.nixtape.streams;

import dev.nixtape.projections.tape.Topic;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/// The state stores of the partitions that a process holds. While they move or are restored, to ask
/// for them throws `InvalidStateStoreException`: that is no answer, not an empty one.
interface PartitionStores {
  Map<Integer, ReadOnlyKeyValueStore<String, byte[]>> byPartition(String store, Topic topic);

  /// The partitions of a topic that this process reads.
  Set<Integer> partitions(Topic topic);

  void requireReady();
}
