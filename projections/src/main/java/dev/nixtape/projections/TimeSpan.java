package dev.nixtape.projections;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;

/// A time from its begin on and before its end.
public record TimeSpan(Instant since, Instant until) {
  public TimeSpan {
    if (!since.isBefore(until)) {
      throw new IllegalArgumentException(
          "since: a time before until (%s), not %s".formatted(until, since));
    }
  }

  /// The time of the same length before.
  public TimeSpan before() {
    return new TimeSpan(since.minus(Duration.between(since, until)), since);
  }

  /// How many days it has.
  public double days() {
    return Duration.between(since, until).toMillis() / (double) Duration.ofDays(1).toMillis();
  }

  /// As parameters of a URL, without the question mark.
  public String toParameters() {
    return During.of(this, ZoneOffset.UTC).toParameters();
  }
}
