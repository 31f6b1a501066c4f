package dev.nixtape.projections;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An ordered map of bytes, to be read.
public interface KeyRanges {
  byte @Nullable [] get(String key);

  /// The entries from the key `from` on and before `to`, in the keys' order, as they are now.
  List<Map.Entry<String, byte[]>> range(String from, String to);
}
