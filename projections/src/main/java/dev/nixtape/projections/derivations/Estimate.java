package dev.nixtape.projections.derivations;

import java.util.List;
import java.util.Optional;

/// How long something is likely to take, by how long it took before.
///
/// @param medianMs of the times
/// @param lowMs one of ten took less
/// @param highMs one of ten took more
/// @param samples how many times that is from
public record Estimate(long medianMs, long lowMs, long highMs, int samples) {
  /// Builds that count: older ones say less.
  public static final int SAMPLES = 20;

  /// @param durationsMs in any order; empty gives nothing
  public static Optional<Estimate> of(List<Long> durationsMs) {
    if (durationsMs.isEmpty()) {
      return Optional.empty();
    }
    List<Long> sorted = durationsMs.stream().sorted().toList();
    int n = sorted.size();
    long median = (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
    return Optional.of(new Estimate(median, rank(sorted, 0.1), rank(sorted, 0.9), n));
  }

  /// The smallest value that so large a part of them does not exceed.
  private static long rank(List<Long> sorted, double part) {
    int rank = (int) Math.ceil(part * sorted.size());
    return sorted.get(Math.clamp(rank, 1, sorted.size()) - 1);
  }
}
