package dev.nixtape.streams;

import dev.nixtape.projections.KeyRanges;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/// A state store, to be read.
final class StoreRanges implements KeyRanges {
  private final ReadOnlyKeyValueStore<String, byte[]> store;

  StoreRanges(ReadOnlyKeyValueStore<String, byte[]> store) {
    this.store = store;
  }

  @Override
  public byte @Nullable [] get(String key) {
    return store.get(key);
  }

  @Override
  public List<Map.Entry<String, byte[]>> range(String from, String to) {
    List<Map.Entry<String, byte[]>> entries = new ArrayList<>();
    try (KeyValueIterator<String, byte[]> found = store.range(from, to)) {
      while (found.hasNext()) {
        KeyValue<String, byte[]> entry = found.next();
        // A store's range includes its end.
        if (!entry.key.equals(to)) {
          entries.add(Map.entry(entry.key, entry.value));
        }
      }
    }
    return entries;
  }
}
