package dev.nixtape.projections;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLEncoder;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// A question's parameters. What is wrong with one is an `IllegalArgumentException` that names it.
public final class Parameters {
  private final Map<String, String> given;

  public Parameters(Map<String, String> given, String... known) {
    Set<String> names = Set.of(known);
    given.keySet().stream()
        .filter(name -> !names.contains(name))
        .findFirst()
        .ifPresent(name -> {
          throw new IllegalArgumentException("unknown parameter '%s'".formatted(name));
        });
    this.given = given;
  }

  /// As they stand in a URL behind the question mark.
  static String write(Map<String, String> parameters) {
    return parameters.entrySet().stream()
        .map(p -> p.getKey() + "=" + URLEncoder.encode(p.getValue(), UTF_8))
        .collect(Collectors.joining("&"));
  }

  public Optional<String> text(String name) {
    return Optional.ofNullable(given.get(name));
  }

  public boolean flag(String name) {
    return "true".equals(given.get(name));
  }

  public Optional<Instant> time(String name) {
    return text(name)
        .map(text -> {
          try {
            return Instant.parse(text);
          } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                "%s: an RFC 3339 time like 2026-01-31T14:03:00Z, not '%s'".formatted(name, text),
                e);
          }
        });
  }

  public Optional<Long> number(String name) {
    return text(name)
        .map(text -> {
          try {
            return Long.parseLong(text);
          } catch (NumberFormatException e) {
            throw new IllegalArgumentException("%s: a number, not '%s'".formatted(name, text), e);
          }
        });
  }

  public <E extends Enum<E>> Optional<E> constant(Class<E> type, String name) {
    return text(name)
        .map(text ->
            Arrays.stream(type.getEnumConstants())
                .filter(value -> value.name().equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(() ->
                    new IllegalArgumentException(
                        "%s: one of %s, not '%s'"
                            .formatted(
                                name,
                                Arrays.stream(type.getEnumConstants())
                                    .map(value -> value.name().toLowerCase(Locale.ROOT))
                                    .collect(Collectors.joining(", ")),
                                text))));
  }
}
