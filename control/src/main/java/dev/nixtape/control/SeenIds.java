package dev.nixtape.control;

import dev.nixtape.projections.control.Command;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;

/// The ids of the commands that were read, until no clock lets anybody have one obeyed again.
final class SeenIds {
  /// Longer than a command lives: for a while what comes again is called a replay, not just late.
  static final Duration KEPT = Command.LONGEST.plus(Duration.ofHours(1));

  private record Entry(long offset, Instant until) {}

  /// In the order in which they were read.
  private final Map<UUID, Entry> entries = new LinkedHashMap<>();

  OptionalLong offset(UUID id) {
    Entry entry = entries.get(id);
    return entry == null ? OptionalLong.empty() : OptionalLong.of(entry.offset());
  }

  /// @param offset where it was read
  void add(UUID id, long offset, Instant now) {
    Iterator<Entry> eldest = entries.values().iterator();
    while (eldest.hasNext() && eldest.next().until().isBefore(now)) {
      eldest.remove();
    }
    entries.putIfAbsent(id, new Entry(offset, now.plus(KEPT)));
  }
}
