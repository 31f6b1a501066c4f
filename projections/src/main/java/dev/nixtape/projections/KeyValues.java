package dev.nixtape.projections;

import org.jspecify.annotations.Nullable;

/// An ordered map of bytes in which a fold keeps what it remembers; a topology backs it by a state
/// store.
public interface KeyValues extends KeyRanges {

  /// Null deletes.
  void put(String key, byte @Nullable [] value);
}
