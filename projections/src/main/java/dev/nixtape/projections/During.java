package dev.nixtape.projections;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLEncoder;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
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
    if (since.isPresent() && until.isPresent() && !since.get().isBefore(until.get())) {
      throw new IllegalArgumentException(
          "since: a time before until (%s), not %s".formatted(until.get(), since.get()));
    }
  }

  public boolean holds(Instant at) {
    return since.map(t -> !at.isBefore(t)).orElse(true) && until.map(at::isBefore).orElse(true);
  }

  /// As parameters of a URL, without the question mark.
  public String toParameters() {
    List<String> parameters = new ArrayList<>();
    since.ifPresent(t -> parameters.add("since=" + Rfc3339.write(t)));
    until.ifPresent(t -> parameters.add("until=" + Rfc3339.write(t)));
    parameters.add("tz=" + URLEncoder.encode(zone.getId(), UTF_8));
    return String.join("&", parameters);
  }

  /// Reads parameters. Throws `IllegalArgumentException` that names the bad one.
  ///
  /// @param more names of parameters that somebody else reads
  public static During of(Map<String, String> parameters, String... more) {
    Parameters asked =
        new Parameters(
            parameters,
            Stream.concat(Stream.of("since", "until", "tz"), Stream.of(more))
                .toArray(String[]::new));
    return new During(
        asked.time("since"),
        asked.time("until"),
        asked.text("tz").map(StatsQuery::zone).orElse(ZoneOffset.UTC));
  }
}
