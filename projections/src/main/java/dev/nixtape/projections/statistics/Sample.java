package dev.nixtape.projections.statistics;

import java.util.Arrays;

/// Values as they were measured.
final class Sample {
  private Sample() {}

  static double[] sorted(double[] values) {
    double[] sorted = finite(values).clone();
    Arrays.sort(sorted);
    return sorted;
  }

  /// @throws IllegalArgumentException when one of them has no place in an order
  static double[] finite(double[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "value %d of %d is %s: leave it out of the sample"
                .formatted(i, values.length, values[i]));
      }
    }
    return values;
  }
}
