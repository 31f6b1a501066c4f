package dev.nixtape.projections.statistics;

/// What holds the true value in at least 95 of 100 samples, whatever the values' distribution is.
///
/// @param low in the values' unit, inclusive
/// @param high in the values' unit, inclusive, not below `low`
public record Interval(double low, double high) {
  /// The part of samples whose interval lies wholly below, or wholly above, the true value.
  static final double TAIL = 0.025;

  public Interval {
    if (!(low <= high)) {
      throw new IllegalArgumentException("an interval from %s to %s".formatted(low, high));
    }
  }
}
