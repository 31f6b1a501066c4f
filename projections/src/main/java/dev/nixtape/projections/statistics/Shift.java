package dev.nixtape.projections.statistics;

import org.apache.commons.statistics.distribution.NormalDistribution;
import org.apache.commons.statistics.inference.MannWhitneyUTest;

/// Whether values became greater or smaller, and by how much: Mann and Whitney's U test with Hodges
/// and Lehmann's estimate, which ask only for the values' order and are not moved by outliers.
public sealed interface Shift {
  /// A p-value above this is no evidence.
  double SIGNIFICANT = 0.05;

  /// So few values that even if all after were above all before, chance would explain it: fewer
  /// than 4 and 4, 3 and 5, 2 and 8, or 1 and 39.
  ///
  /// @param before how many
  /// @param after how many
  record TooFew(int before, int after) implements Shift {}

  /// @param before how many
  /// @param after how many
  /// @param p two-sided: how likely ranks at least this far apart are when nothing changed; exact
  ///   when there are less than 50 and 50 values without ties, else by the normal distribution with
  ///   corrections for continuity and ties; 1 when all values are equal
  /// @param difference the median of all differences of a value after and one before, exact, in the
  ///   values' unit; positive when they became greater
  /// @param interval of the difference; it excludes 0 when p is less than 0.05, but for ties
  record Tested(int before, int after, double p, double difference, Interval interval)
      implements Shift {
    public boolean significant() {
      return p <= SIGNIFICANT;
    }
  }

  /// Answers as R's `wilcox.test(after, before, conf.int = TRUE)` does: p-values to 10⁻¹² of
  /// themselves, an exact interval to the last bit. Where R uses the normal distribution it solves
  /// for the interval numerically, to `tol.root`; here its ends are the differences R is near.
  /// Where R then takes any value between the two differences in the middle, here it is their mean.
  ///
  /// Takes n log n for sorting and some 300 walks over both samples: 40 ms for 10,000 and 10,000.
  ///
  /// @throws IllegalArgumentException when a value is not finite
  static Shift between(double[] before, double[] after) {
    Differences differences = new Differences(before, after);
    if (!enough(before.length, after.length)) {
      return new TooFew(before.length, after.length);
    }
    MannWhitneyUTest.Result test = MannWhitneyUTest.withDefaults().test(after, before);
    boolean exact = !test.hasTiedValues() && Math.max(before.length, after.length) < 50;
    long rank =
        exact
            ? Math.max(1, RankSum.quantile(before.length, after.length, Interval.TAIL))
            : Math.max(1, normalRank(before.length, after.length, differences.ties()));
    return new Tested(
        before.length,
        after.length,
        p(test),
        differences.median(),
        new Interval(differences.at(rank), differences.at(differences.count() + 1 - rank)));
  }

  /// Whether so many values can prove something.
  static boolean enough(int before, int after) {
    return leastP(before, after) <= SIGNIFICANT;
  }

  /// The p-value alone, for many tests of which few are significant: the rest takes longer.
  ///
  /// @throws IllegalArgumentException when a sample is empty or a value is not finite
  static double p(double[] before, double[] after) {
    return p(MannWhitneyUTest.withDefaults().test(Sample.finite(after), Sample.finite(before)));
  }

  private static double p(MannWhitneyUTest.Result test) {
    return Double.isNaN(test.getPValue()) ? 1 : test.getPValue(); // all values are equal
  }

  /// The p-value when the samples do not overlap: 2 of all the ways to draw one from both.
  private static double leastP(int n, int m) {
    double p = 2;
    for (int i = 1; i <= Math.min(n, m) && p > SIGNIFICANT; i++) {
      p *= (double) i / (Math.max(n, m) + i);
    }
    return p;
  }

  /// The rank of the interval's lower end by the normal distribution, with continuity correction.
  /// Between two differences no value of one sample equals one of the other, so only ties within
  /// each count.
  private static long normalRank(double n, double m, double ties) {
    double both = n + m;
    double variance = n * m / 12 * (both + 1 - ties / (both * (both - 1)));
    double beyond = NormalDistribution.of(0, 1).inverseSurvivalProbability(Interval.TAIL);
    return (long) Math.floor(n * m / 2 + 0.5 - beyond * Math.sqrt(variance));
  }
}
