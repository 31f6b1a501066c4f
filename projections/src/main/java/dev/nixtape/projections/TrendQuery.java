package dev.nixtape.projections;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLEncoder;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/// Whose builds over time somebody asks for.
///
/// @param name a derivation's, with or without version
/// @param system nothing: the one that is built for most often
public record TrendQuery(String name, Optional<String> system, TimeSpan span) {
  private static final int DAYS = 90;

  /// Reads parameters. Throws `IllegalArgumentException` that names the bad one.
  ///
  /// @param now the end, unless it is given
  public static TrendQuery of(String name, Map<String, String> parameters, Instant now) {
    Parameters asked = During.parameters(parameters, "system");
    return new TrendQuery(name, asked.text("system"), During.of(asked).span(DAYS, now));
  }

  /// As a path with parameters.
  public String toPath() {
    return URLEncoder.encode(name, UTF_8).replace("+", "%20") + "?" + span.toParameters();
  }
}
