package dev.nixtape.cli.doctor;

import java.time.Duration;
import java.time.Instant;

/// A span of time as a sentence says it: `40 s`, `3 min`, `5 h`, `2 days`.
record Age(Duration span) {
  static Age of(Instant from, Instant to) {
    return new Age(Duration.between(from, to));
  }

  @Override
  public String toString() {
    long seconds = Math.max(0, span.toSeconds());
    if (seconds < 120) {
      return seconds + " s";
    }
    if (seconds < 2 * 3600) {
      return seconds / 60 + " min";
    }
    return seconds < 2 * 86_400 ? seconds / 3600 + " h" : seconds / 86_400 + " days";
  }
}
