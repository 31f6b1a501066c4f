package dev.nixtape.projections;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Of what finished in which time somebody asks.
///
/// @param since then or later
/// @param until before
/// @param zone whose days
public record During(Optional<Instant> since, Optional<Instant> until, ZoneId zone) {
  public During {
    // A span refuses ends in the wrong order.
    var _ = span(since, until);
  }

  public static During of(TimeSpan span, ZoneId zone) {
    return new During(Optional.of(span.since()), Optional.of(span.until()), zone);
  }

  /// Both ends, when it has both.
  public Optional<TimeSpan> span() {
    return span(since, until);
  }

  private static Optional<TimeSpan> span(Optional<Instant> since, Optional<Instant> until) {
    return since.flatMap(from -> until.map(to -> new TimeSpan(from, to)));
  }

  /// Both ends; where they are not given, now and the begin of so many days.
  public TimeSpan span(int days, Instant now) {
    return new TimeSpan(begin(days, now), until.orElse(now));
  }

  /// Its begin; when none is given, that of so many days, of which the last is that of its end or
  /// of now.
  public Instant begin(int days, Instant now) {
    LocalDate last = until.orElse(now).minusMillis(1).atZone(zone).toLocalDate();
    return since.orElseGet(() -> last.minusDays(days - 1L).atStartOfDay(zone).toInstant());
  }

  /// As parameters of a URL, without the question mark.
  public String toParameters() {
    Map<String, String> parameters = new LinkedHashMap<>();
    since.ifPresent(t -> parameters.put("since", Rfc3339.write(t)));
    until.ifPresent(t -> parameters.put("until", Rfc3339.write(t)));
    parameters.put("tz", zone.getId());
    return Parameters.write(parameters);
  }

  /// The parameters of a question about a time.
  ///
  /// @param more names of those that it has beside
  public static Parameters parameters(Map<String, String> given, String... more) {
    return new Parameters(
        given,
        Stream.concat(Stream.of("since", "until", "tz"), Stream.of(more)).toArray(String[]::new));
  }

  /// Reads parameters. Throws `IllegalArgumentException` that names the bad one.
  public static During of(Parameters asked) {
    return new During(
        asked.time("since"),
        asked.time("until"),
        asked.text("tz").map(During::zone).orElse(ZoneOffset.UTC));
  }

  /// Reads the parameters of a question that has no others.
  public static During of(Map<String, String> given) {
    return of(parameters(given));
  }

  public static ZoneId zone(String text) {
    try {
      return ZoneId.of(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "tz: a time zone like Europe/Berlin or +05:30, not '%s'".formatted(text), e);
    }
  }
}
