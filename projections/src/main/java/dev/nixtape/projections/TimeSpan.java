package dev.nixtape.projections;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;

/// A time from its begin on and before its end.
public record TimeSpan(Instant since, Instant until) {
  public TimeSpan {
    if (!since.isBefore(until)) {
      throw new IllegalArgumentException(
          "since: a time before until (%s), not %s".formatted(until, since));
    }
  }

  /// Reads `since`, `until` and `tz`.
  ///
  /// @param days that it has, the last one included, unless its begin is given
  /// @param now its end, unless that is given
  public static TimeSpan of(Parameters asked, int days, Instant now) {
    ZoneId zone = asked.text("tz").map(StatsQuery::zone).orElse(ZoneOffset.UTC);
    Instant until = asked.time("until").orElse(now);
    LocalDate last = until.minusMillis(1).atZone(zone).toLocalDate();
    return new TimeSpan(
        asked
            .time("since")
            .orElseGet(() -> last.minusDays(days - 1L).atStartOfDay(zone).toInstant()),
        until);
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
    return "since=%s&until=%s".formatted(Rfc3339.write(since), Rfc3339.write(until));
  }
}
