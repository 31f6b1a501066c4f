package dev.nixtape.projections.statistics;

/// The distribution of Mann and Whitney's U without ties, which the library keeps to itself.
final class RankSum {
  /// R's own (`qwilcox`): a probability that equals the asked one but for rounding reaches it.
  private static final double ROUNDING = 10 * Math.ulp(1.0);

  private RankSum() {}

  /// The least u with P(U ≤ u) ≥ `probability`, when all orders of n and m values are equally
  /// likely. Takes nm·nm/4 additions: 4 ms for 49 and 49.
  static int quantile(int n, int m, double probability) {
    double[] likely = distribution(n, m);
    double sum = likely[0];
    int u = 0;
    while (sum < probability - ROUNDING) {
      sum += likely[++u];
    }
    return u;
  }

  /// The greatest of all values is one of the n, and then above each of the m, or one of the m.
  private static double[] distribution(int n, int m) {
    double[][] row = new double[m + 1][];
    for (int i = 0; i <= n; i++) {
      for (int j = 0; j <= m; j++) {
        double[] likely = new double[i * j + 1];
        if (i == 0 || j == 0) {
          likely[0] = 1;
        } else {
          double ofN = (double) i / (i + j);
          add(likely, ofN, row[j], j);
          add(likely, 1 - ofN, row[j - 1], 0);
        }
        row[j] = likely;
      }
    }
    return row[m];
  }

  private static void add(double[] to, double weight, double[] from, int shift) {
    for (int u = 0; u < from.length; u++) {
      to[u + shift] += weight * from[u];
    }
  }
}
