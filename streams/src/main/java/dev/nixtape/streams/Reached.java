package dev.nixtape.streams;

import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/// How far the fold of a partition has come. The fold says it, and any thread may ask. What is
/// folded may not be committed yet: a commit comes every 500 ms, an answer does not wait for it.
final class Reached {
  private static final long UNKNOWN = -1;

  private final AtomicLong next = new AtomicLong(UNKNOWN);

  void folded(long offset) {
    next.set(offset + 1);
  }

  /// Where the fold began, which only Kafka knows; and, when it has folded meanwhile, where it is.
  long began(long offset) {
    next.compareAndSet(UNKNOWN, offset);
    return next.get();
  }

  /// The offset that comes next; empty for a fold that nobody told where it began, and that has
  /// folded nothing since.
  OptionalLong next() {
    long known = next.get();
    return known == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(known);
  }
}
