package dev.nixtape.cli;

import dev.nixtape.projections.During;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Of which time somebody asks, and in whose time zone.
final class Period {
  private static final int LATELY = 30;

  @Option(
      names = {"-d", "--days"},
      paramLabel = "N",
      description = "Only the last N days, today included.")
  Optional<Integer> days = Optional.empty();

  @Option(
      names = {"-m", "--months"},
      paramLabel = "N",
      description = "Only the last N months, up to today.")
  Optional<Integer> months = Optional.empty();

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "Only what finished then or later: 2h, 7d, 2026-01-31, '2026-01-31 14:03'.")
  Optional<String> since = Optional.empty();

  @Option(names = "--until", paramLabel = "TIME", description = "Only what finished before.")
  Optional<String> until = Optional.empty();

  @Option(
      names = "--tz",
      paramLabel = "ZONE",
      description = "Whose days: Europe/Berlin, UTC, +05:30 (default: this machine's).")
  Optional<String> zone = Optional.empty();

  ZoneId zone() {
    try {
      return zone.map(During::zone).orElseGet(ZoneId::systemDefault);
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, "--" + e.getMessage());
    }
  }

  /// The period; without begin when all times are meant.
  During during(Instant now) {
    try {
      return new During(from(now), until.map(text -> Asked.time(text, now, zone())), zone());
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, "--" + e.getMessage());
    }
  }

  /// The period, or the last 30 days of it when nobody says from when on.
  During lately(Instant now) {
    During asked = during(now);
    return new During(Optional.of(asked.begin(LATELY, now)), asked.until(), asked.zone());
  }

  private Optional<Instant> from(Instant now) {
    if (List.of(days.isPresent(), months.isPresent(), since.isPresent()).stream()
            .filter(given -> given)
            .count()
        > 1) {
      throw new Failure(Failure.USAGE, "--days, --months and --since: one of them");
    }
    LocalDate today = now.atZone(zone()).toLocalDate();
    if (days.isPresent()) {
      return Optional.of(begin(today.minusDays(atLeastOne("--days", days.get()) - 1L)));
    }
    if (months.isPresent()) {
      return Optional.of(
          begin(today.minusMonths(atLeastOne("--months", months.get())).plusDays(1)));
    }
    return since.map(text -> Asked.time(text, now, zone()));
  }

  private static int atLeastOne(String option, int n) {
    if (n < 1) {
      throw new Failure(Failure.USAGE, "%s: at least 1, not %d".formatted(option, n));
    }
    return n;
  }

  private Instant begin(LocalDate day) {
    return day.atStartOfDay(zone()).toInstant();
  }
}
