package dev.nixtape.projections;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An ordered map of bytes in which a fold keeps what it remembers; a topology backs it by a state
/// store.
public interface KeyValues {
  byte @Nullable [] get(String key);

  /// Null deletes.
  void put(String key, byte @Nullable [] value);

  /// The entries from the key `from` on and before `to`, in the keys' order, as they are now.
  List<Map.Entry<String, byte[]>> range(String from, String to);
}
