package dev.nixtape.cli;

import dev.nixtape.projections.statistics.Quantiles;
import java.util.Arrays;

/// A series in one line of text: `▁▂▅█▃`.
final class Sparkline {
  private static final String EIGHTHS = "▁▂▃▄▅▆▇█";
  private static final char LEVEL = '▄';

  private Sparkline() {}

  /// From the least value, one eighth high, to the greatest. When there are more values than
  /// columns, a column shows the median of its share; when there are less, the line is shorter.
  static String of(double[] values, int width) {
    int columns = Math.min(values.length, width);
    double[] medians = new double[columns];
    for (int i = 0; i < columns; i++) {
      int from = (int) ((long) i * values.length / columns);
      int to = (int) ((i + 1L) * values.length / columns);
      medians[i] = Quantiles.of(Arrays.copyOfRange(values, from, to)).median();
    }
    double least = Arrays.stream(medians).min().orElse(0);
    double range = Arrays.stream(medians).max().orElse(0) - least;
    StringBuilder line = new StringBuilder();
    for (double median : medians) {
      double part = (median - least) / range;
      line.append(
          range == 0 ? LEVEL : EIGHTHS.charAt((int) Math.round(part * (EIGHTHS.length() - 1))));
    }
    return line.toString();
  }
}
