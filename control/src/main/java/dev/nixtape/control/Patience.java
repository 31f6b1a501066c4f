package dev.nixtape.control;

import java.time.Duration;

/// Waiting for what another process does, a bounded time.
final class Patience {
  private static final long LONGEST_PAUSE_MS = 20;

  private final long end;
  private long pauseMs = 1;

  Patience(Duration most) {
    this.end = System.nanoTime() + most.toNanos();
  }

  /// Pauses a moment, each time a longer one.
  ///
  /// @return whether to look again; not when the time is over, or the thread is to end
  boolean pause() {
    if (System.nanoTime() - end > 0) {
      return false;
    }
    try {
      Thread.sleep(pauseMs);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    return true;
  }
}
