package dev.nixtape.projections.history;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// How long the periods are that sums are kept of, in UTC. The shortest is what every time zone's
/// hours are made of.
public enum Level {
  YEAR,
  MONTH,
  DAY,
  QUARTER_HOUR;

  private static final long QUARTER_SECONDS = 900;

  private final String key = name().substring(0, 1).toLowerCase(Locale.ROOT) + "/";

  /// Consecutive periods of one level, from the first's begin to the last's end.
  record Span(Level level, Instant from, Instant to) {}

  /// The begin of the period in which a time is.
  Instant floor(Instant at) {
    ZonedDateTime utc = at.atZone(ZoneOffset.UTC);
    return switch (this) {
      case YEAR -> utc.truncatedTo(ChronoUnit.DAYS).withDayOfYear(1).toInstant();
      case MONTH -> utc.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1).toInstant();
      case DAY -> utc.truncatedTo(ChronoUnit.DAYS).toInstant();
      case QUARTER_HOUR ->
          Instant.ofEpochSecond(
              Math.floorDiv(at.getEpochSecond(), QUARTER_SECONDS) * QUARTER_SECONDS);
    };
  }

  Instant next(Instant begin) {
    ZonedDateTime utc = begin.atZone(ZoneOffset.UTC);
    return switch (this) {
      case YEAR -> utc.plusYears(1).toInstant();
      case MONTH -> utc.plusMonths(1).toInstant();
      case DAY -> utc.plusDays(1).toInstant();
      case QUARTER_HOUR -> begin.plusSeconds(QUARTER_SECONDS);
    };
  }

  Instant ceiling(Instant at) {
    Instant begin = floor(at);
    return begin.equals(at) ? at : next(begin);
  }

  /// The key of a period, so that keys of one level sort by time: `y/2026`, `m/2026-01`,
  /// `d/2026-01-31`, `q/2026-01-31T14:00`.
  String key(Instant begin) {
    ZonedDateTime utc = begin.atZone(ZoneOffset.UTC);
    LocalDate day = utc.toLocalDate();
    return key
        + switch (this) {
          case YEAR -> "%04d".formatted(day.getYear());
          case MONTH -> day.toString().substring(0, "2026-01".length());
          case DAY -> day;
          case QUARTER_HOUR -> day + "T%02d:%02d".formatted(utc.getHour(), utc.getMinute());
        };
  }

  /// What the keys of this level begin with.
  String prefix() {
    return key;
  }

  /// The begin of the period that a key is of.
  Instant begin(String periodKey) {
    String period = periodKey.substring(key.length());
    return switch (this) {
      case YEAR -> Instant.parse(period + "-01-01T00:00:00Z");
      case MONTH -> Instant.parse(period + "-01T00:00:00Z");
      case DAY -> Instant.parse(period + "T00:00:00Z");
      case QUARTER_HOUR -> Instant.parse(period + ":00Z");
    };
  }

  /// The fewest periods that make up a time, each of this level or a shorter one down to
  /// `shortest`; the ends are rounded outward to the shortest.
  List<Span> cover(Level shortest, Instant from, Instant to) {
    List<Span> spans = new ArrayList<>();
    if (shortest.floor(from).isBefore(shortest.ceiling(to))) {
      cover(shortest, shortest.floor(from), shortest.ceiling(to), spans);
    }
    return spans;
  }

  private void cover(Level shortest, Instant from, Instant to, List<Span> spans) {
    Instant first = ceiling(from);
    Instant last = floor(to);
    if (!first.isBefore(last)) {
      if (this != shortest) {
        shorter().cover(shortest, from, to, spans);
      }
      return;
    }
    if (from.isBefore(first)) {
      shorter().cover(shortest, from, first, spans);
    }
    spans.add(new Span(this, first, last));
    if (last.isBefore(to)) {
      shorter().cover(shortest, last, to, spans);
    }
  }

  /// The next shorter one. The shortest has none.
  Level shorter() {
    return switch (this) {
      case YEAR -> MONTH;
      case MONTH -> DAY;
      case DAY -> QUARTER_HOUR;
      case QUARTER_HOUR -> throw new IllegalStateException("nothing is shorter");
    };
  }
}
