package dev.nixtape.projections.statistics;

/// All differences of a value after and a value before, in order, without making them: 10,000
/// values against 10,000 have 10⁸.
final class Differences {
  private final double[] before;
  private final double[] after;

  Differences(double[] before, double[] after) {
    this.before = Sample.sorted(before);
    this.after = Sample.sorted(after);
  }

  long count() {
    return (long) before.length * after.length;
  }

  /// What ties within the samples take from the variance of U: t³ - t for each t equal values.
  double ties() {
    return ties(before) + ties(after);
  }

  private static double ties(double[] sorted) {
    double sum = 0;
    for (int from = 0, to = 0; from < sorted.length; from = to) {
      while (to < sorted.length && sorted[to] == sorted[from]) {
        to++;
      }
      double equal = to - from;
      sum += equal * equal * equal - equal;
    }
    return sum;
  }

  double median() {
    long count = count();
    double low = at((count + 1) / 2);
    return count % 2 == 1 ? low : low + (at(count / 2 + 1) - low) / 2;
  }

  /// The difference that is the `rank`-th smallest, exactly: halves the doubles between the least
  /// and the greatest, in at most 64 walks over both samples.
  ///
  /// @param rank from 1 to `count`
  double at(long rank) {
    long low = position(after[0] - before[before.length - 1]);
    long high = position(after[after.length - 1] - before[0]);
    while (low < high) {
      long middle = (low & high) + ((low ^ high) >> 1); // the sum may not fit a long
      if (upTo(value(middle)) >= rank) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return value(low) + 0.0; // no -0.0
  }

  /// How many differences are not above `most`. A greater value after never has fewer values before
  /// that are too far below it, rounding included, so one walk suffices.
  private long upTo(double most) {
    long count = 0;
    int tooFar = 0;
    for (double value : after) {
      while (tooFar < before.length && value - before[tooFar] > most) {
        tooFar++;
      }
      count += before.length - tooFar;
    }
    return count;
  }

  /// A double's place among all doubles: their bits in order, negative ones turned round.
  private static long position(double value) {
    return turned(Double.doubleToRawLongBits(value));
  }

  private static double value(long position) {
    return Double.longBitsToDouble(turned(position));
  }

  private static long turned(long bits) {
    return bits ^ ((bits >> 63) >>> 1);
  }
}
