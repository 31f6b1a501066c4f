package dev.nixtape.projections;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;

/// How long each period of a time series is, by a calendar and a clock in some time zone. Weeks
/// begin on Mondays.
public enum Bucket {
  HOUR,
  DAY,
  WEEK,
  MONTH;

  /// The begin of the period in which a time is.
  public Instant begin(Instant at, ZoneId zone) {
    ZonedDateTime local = at.atZone(zone);
    if (this == HOUR) {
      return local.truncatedTo(ChronoUnit.HOURS).toInstant();
    }
    ZonedDateTime day = local.toLocalDate().atStartOfDay(zone);
    return switch (this) {
      case HOUR, DAY -> day.toInstant();
      case WEEK -> start(day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY)));
      case MONTH -> start(day.withDayOfMonth(1));
    };
  }

  /// The begin of the period behind the one that begins at `begin`.
  public Instant next(Instant begin, ZoneId zone) {
    ZonedDateTime local = begin.atZone(zone);
    return switch (this) {
      case HOUR -> local.plusHours(1).toInstant();
      case DAY -> start(local.plusDays(1));
      case WEEK -> start(local.plusWeeks(1));
      case MONTH -> start(local.plusMonths(1));
    };
  }

  /// A day does not begin at midnight where the clock is put forward then.
  private static Instant start(ZonedDateTime day) {
    return day.toLocalDate().atStartOfDay(day.getZone()).toInstant();
  }
}
