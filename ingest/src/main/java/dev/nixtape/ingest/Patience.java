package dev.nixtape.ingest;

import java.time.Duration;

/// How long a writer waits when Kafka takes nothing more, before it gives the bytes up into a gap.
///
/// @param stall how long Kafka may acknowledge nothing at all; while it acknowledges, a patient
///   writer waits on
public record Patience(Duration stall) {
  /// For entries that are kept anyway.
  static final Patience NONE = new Patience(Duration.ZERO);

  /// For a socket: a reader that waits stalls every Nix process that logs to it. So it lets a Kafka
  /// that moves catch its breath, and holds Nix up no longer than this when Kafka is away, once.
  public static final Patience BRIEF = new Patience(Duration.ofMillis(250));

  /// For a pipe or file, which may be read as slowly as Kafka writes; a Kafka that is away holds it
  /// only this long.
  public static final Patience WHILE_KAFKA_MOVES = new Patience(Duration.ofSeconds(10));

  /// For a file that is kept until it is in the log: it can be read at any later time.
  public static final Patience ENDLESS = new Patience(Duration.ofDays(10_000));

  public Patience {
    if (stall.isNegative()) {
      throw new IllegalArgumentException("patience is not negative: " + stall);
    }
  }
}
