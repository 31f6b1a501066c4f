package dev.nixtape.streams;

import dev.nixtape.projections.KeyValues;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// A fold's map in a state store.
final class StoreKeyValues implements KeyValues {
  private final KeyValueStore<String, byte[]> store;
  private final StoreRanges ranges;

  StoreKeyValues(KeyValueStore<String, byte[]> store) {
    this.store = store;
    this.ranges = new StoreRanges(store);
  }

  @Override
  public byte @Nullable [] get(String key) {
    return ranges.get(key);
  }

  @Override
  public void put(String key, byte @Nullable [] value) {
    if (value == null) {
      store.delete(key);
    } else {
      store.put(key, value);
    }
  }

  @Override
  public List<Map.Entry<String, byte[]>> range(String from, String to) {
    return ranges.range(from, to);
  }
}
