package dev.nixtape.projections;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A store in memory.
public final class MapKeyValues implements KeyValues {
  public final TreeMap<String, byte[]> entries = new TreeMap<>();

  @Override
  public byte @Nullable [] get(String key) {
    return entries.get(key);
  }

  @Override
  public void put(String key, byte @Nullable [] value) {
    if (value == null) {
      entries.remove(key);
    } else {
      entries.put(key, value);
    }
  }

  @Override
  public List<Map.Entry<String, byte[]>> range(String from, String to) {
    return List.copyOf(new TreeMap<>(entries.subMap(from, to)).entrySet());
  }
}
