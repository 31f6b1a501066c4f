package dev.nixtape.ingest;

import dev.nixtape.projections.tape.LogEntry;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// What one session could not publish yet, in the session's order: its small entries, and gaps in
/// place of its chunks.
final class Backlog {
  private final Deque<LogEntry> entries = new ArrayDeque<>();

  boolean isEmpty() {
    return entries.isEmpty();
  }

  int size() {
    return entries.size();
  }

  @Nullable LogEntry first() {
    return entries.peekFirst();
  }

  void removeFirst() {
    entries.removeFirst();
  }

  void add(LogEntry entry) {
    entries.addLast(entry);
  }

  /// Replaces a chunk by a gap, which grows as long as the bytes that follow are missing too.
  void addMissing(LogEntry.Lines lines, String why) {
    if (entries.peekLast() instanceof LogEntry.Gap gap
        && gap.offset() + gap.missing() == lines.offset()) {
      entries.removeLast();
      entries.addLast(
          new LogEntry.Gap(
              gap.session(),
              gap.at(),
              gap.offset(),
              gap.missing() + lines.bytes().length(),
              gap.why()));
    } else {
      entries.addLast(
          new LogEntry.Gap(
              lines.session(), lines.at(), lines.offset(), lines.bytes().length(), why));
    }
  }
}
