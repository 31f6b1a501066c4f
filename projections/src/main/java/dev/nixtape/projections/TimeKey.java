package dev.nixtape.projections;

import java.time.Instant;

/// Times in keys, so that keys sort by them.
public final class TimeKey {
  private static final long DIGITS_15 = 1_000_000_000_000_000L;

  private TimeKey() {}

  /// Milliseconds since 1970 in 15 digits.
  public static String of(Instant at) {
    return Long.toString(DIGITS_15 + at.toEpochMilli()).substring(1);
  }
}
