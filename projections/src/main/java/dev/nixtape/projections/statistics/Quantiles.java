package dev.nixtape.projections.statistics;

import java.util.Arrays;
import java.util.Optional;
import org.apache.commons.statistics.distribution.BinomialDistribution;

/// Quantiles of a sample that is at hand as a whole: sorted once (n log n), then asked at no cost.
/// Without the library but for the interval: the program's small commands do not have its jars.
public final class Quantiles {
  private final double[] sorted;

  private Quantiles(double[] values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("no values: nothing has a quantile");
    }
    sorted = Sample.sorted(values);
  }

  /// @throws IllegalArgumentException when there is no value, or one is not finite
  public static Quantiles of(double[] values) {
    return new Quantiles(values);
  }

  /// @param values up to 2⁵³ in magnitude, beyond which a double rounds
  /// @throws IllegalArgumentException when there is no value
  public static Quantiles of(long[] values) {
    return new Quantiles(Arrays.stream(values).asDoubleStream().toArray());
  }

  /// In the values' unit: between two values linear, as R's `quantile(type = 7)`, its default.
  ///
  /// @param probability from 0 (the least value) to 1 (the greatest)
  public double at(double probability) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException("a quantile is at 0 to 1, not at " + probability);
    }
    double place = probability * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }

  public double median() {
    return at(0.5);
  }

  /// Where the median of all that the sample was drawn from lies, between two of its values (order
  /// statistics, by the binomial distribution). None for fewer than 6 values: even the whole range
  /// misses the median too often.
  public Optional<Interval> medianInterval() {
    int rank =
        BinomialDistribution.of(sorted.length, 0.5).inverseCumulativeProbability(Interval.TAIL);
    return rank == 0
        ? Optional.empty()
        : Optional.of(new Interval(sorted[rank - 1], sorted[sorted.length - rank]));
  }
}
