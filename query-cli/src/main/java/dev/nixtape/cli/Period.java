package dev.nixtape.cli;

import dev.nixtape.projections.During;
import dev.nixtape.projections.Rfc3339;
import dev.nixtape.projections.StatsQuery;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Of which time somebody asks, and in whose time zone.
final class Period {
  private static final long LATELY = 30;

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
      return zone.map(StatsQuery::zone).orElseGet(ZoneId::systemDefault);
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, "--" + e.getMessage());
    }
  }

  /// The begin; nothing when all times are meant.
  Optional<Instant> from(Instant now) {
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

  Optional<Instant> to(Instant now) {
    return until.map(text -> Asked.time(text, now, zone()));
  }

  /// The period, or the last 30 days of it when nobody says from when on.
  During lately(Instant now) {
    Optional<Instant> to = to(now);
    Instant from =
        from(now)
            .orElseGet(
                () -> begin(to.orElse(now).atZone(zone()).toLocalDate().minusDays(LATELY - 1)));
    try {
      return new During(Optional.of(from), to, zone());
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, "--" + e.getMessage());
    }
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

  /// As parameters of a URL, without the question mark.
  String toParameters(Instant now) {
    List<String> parameters = new ArrayList<>();
    from(now).ifPresent(t -> parameters.add("since=" + Rfc3339.write(t)));
    to(now).ifPresent(t -> parameters.add("until=" + Rfc3339.write(t)));
    parameters.add("tz=" + Server.segment(zone().getId()));
    return String.join("&", parameters);
  }
}
