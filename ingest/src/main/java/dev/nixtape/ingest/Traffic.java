package dev.nixtape.ingest;

import java.util.concurrent.atomic.LongAdder;

/// What came through a socket so far.
final class Traffic {
  private final LongAdder bytes = new LongAdder();
  private final LongAdder lines = new LongAdder();
  private final LongAdder refused = new LongAdder();

  void read(int count, int newlines) {
    bytes.add(count);
    lines.add(newlines);
  }

  void refused() {
    refused.increment();
  }

  long bytes() {
    return bytes.sum();
  }

  long lines() {
    return lines.sum();
  }

  long refusedConnections() {
    return refused.sum();
  }
}
