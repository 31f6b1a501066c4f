package dev.nixtape.projections.control;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;

/// What somebody wants done to one build on one host.
///
/// @param id UUIDv7: an agent obeys it once
/// @param host whose agent shall act
/// @param issuer the principal: a user's name
/// @param at when it was issued, by the issuer's clock
/// @param deadline an agent that reads it later must not act on it
/// @param reason in the issuer's words, "" when they gave none
public record Command(
    UUID id,
    String host,
    Target target,
    Action action,
    String issuer,
    Instant at,
    Instant deadline,
    String reason) {

  /// How long an agent has, unless the issuer says.
  public static final Duration PATIENCE = Duration.ofSeconds(30);

  /// How long an issuer may give at most: an agent remembers the ids that it has seen for as long.
  public static final Duration LONGEST = Duration.ofMinutes(10);

  /// The build that is meant.
  ///
  /// @param build its id, as answers show it
  /// @param drvPath what its host knows it by
  public record Target(String build, String drvPath) {
    public Target {
      Objects.requireNonNull(build, "build");
      Objects.requireNonNull(drvPath, "drvPath");
    }
  }

  public Command {
    // Whoever writes to the topic may leave anything out.
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(action, "action");
    Objects.requireNonNull(issuer, "issuer");
    Objects.requireNonNull(reason, "reason");
    if (!deadline.isAfter(at) || deadline.isAfter(at.plus(LONGEST))) {
      throw new IllegalArgumentException(
          "deadline: after %s and at most %d min later, not %s"
              .formatted(at, LONGEST.toMinutes(), deadline));
    }
    if (id.version() != 7) {
      throw new IllegalArgumentException("id: a UUID of version 7, not " + id);
    }
  }

  /// A new id: 48 bits of milliseconds, then 74 random ones (RFC 9562).
  public static UUID id(Instant at, long random, long more) {
    return new UUID(
        at.toEpochMilli() << 16 | 0x7000 | (random & 0xfff),
        (more & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L);
  }
}
