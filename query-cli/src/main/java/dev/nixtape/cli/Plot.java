package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/// Values over time, drawn in braille dots. What is added later lies above.
final class Plot {
  /// Rows and columns from one label of an axis to the next, at least.
  private static final int ROWS_A_LABEL = 3;

  private static final int COLUMNS_A_LABEL = 20;

  /// @param value finite
  record Point(Instant at, double value) {}

  /// What a vertical line says.
  enum Mark {
    VERSION('┊', Style.DIM),
    CHANGE('│', Style.YELLOW);

    private final char line;
    private final Style style;

    Mark(char line, Style style) {
      this.line = line;
      this.style = style;
    }
  }

  private record Series(List<Point> points, boolean connected, Style style) {}

  private record Marked(Mark mark, Instant at, String label) {}

  /// What lies at the first and at the last of some dots.
  private record Scale(double first, double last, int dots) {
    /// @param around a single value, on each side
    static Scale over(
        List<Point> points, ToDoubleFunction<Point> of, DoubleUnaryOperator around, int dots) {
      double least = points.stream().mapToDouble(of).min().orElseThrow();
      double most = points.stream().mapToDouble(of).max().orElseThrow();
      double room = least < most ? 0 : around.applyAsDouble(least);
      return new Scale(least - room, most + room, dots);
    }

    boolean covers(double value) {
      return first <= value && value <= last;
    }

    int dot(double value) {
      return (int) Math.round((value - first) / (last - first) * (dots - 1));
    }

    double at(double part) {
      return first + part * (last - first);
    }
  }

  private final DoubleFunction<String> values;
  private final Function<Instant, String> times;
  private final List<Series> series = new ArrayList<>();
  private final List<Marked> marks = new ArrayList<>();

  /// @param values how a value is written at its axis
  /// @param times how an instant is
  Plot(DoubleFunction<String> values, Function<Instant, String> times) {
    this.values = values;
    this.times = times;
  }

  Plot scatter(List<Point> points, Style style) {
    series.add(new Series(points, false, style));
    return this;
  }

  /// Each point is connected with the next.
  Plot line(List<Point> points, Style style) {
    series.add(new Series(points, true, style));
    return this;
  }

  /// A vertical line, behind all points. Its label stands above where that has room; a mark before
  /// the first point or after the last is left out.
  Plot mark(Mark mark, Instant at, String label) {
    marks.add(new Marked(mark, at, Table.clean(label)));
    return this;
  }

  /// From the top: the marks' labels if there are marks, the dots, the axis, the times. None when
  /// there is no point.
  ///
  /// @param width columns, labels included: at least 20 more than the longest value's label
  /// @param height rows, labels included: at least 6
  List<String> rows(int width, int height, boolean colours) {
    List<Point> points = series.stream().flatMap(one -> one.points.stream()).toList();
    if (points.isEmpty()) {
      return List.of();
    }
    int top = marks.isEmpty() ? 0 : 1;
    int rows = height - 2 - top;
    int axis = top + rows;
    Scale y =
        Scale.over(points, Point::value, only -> only == 0 ? 1 : Math.abs(only) / 2, 4 * rows);
    String[] labels = labels(y, rows);
    int gutter = IntStream.range(0, rows).map(row -> labels[row].length()).max().orElseThrow();
    int left = gutter + 2;
    // Around a single time so little that it is still written the same.
    Scale x = Scale.over(points, point -> millis(point.at), _ -> 0.4, 2 * (width - left));

    Canvas canvas = new Canvas(width, height);
    for (int row = 0; row < rows; row++) {
      canvas.write(gutter - labels[row].length(), top + row, labels[row], Style.DIM);
      canvas.put(gutter + 1, top + row, labels[row].isEmpty() ? '│' : '┤', Style.DIM);
    }
    canvas.put(gutter + 1, axis, '└', Style.DIM);
    for (int column = left; column < width; column++) {
      canvas.put(column, axis, '─', Style.DIM);
    }
    writeTimes(canvas, x, left, axis + 1);
    for (Marked marked : marks) {
      if (x.covers(millis(marked.at))) {
        int column = left + x.dot(millis(marked.at)) / 2;
        for (int row = top; row < axis; row++) {
          canvas.put(column, row, marked.mark.line, marked.mark.style);
        }
        canvas.put(column, axis, '┴', Style.DIM);
        canvas.write(column, 0, marked.label, marked.mark.style);
      }
    }
    for (Series one : series) {
      int[] across = one.points.stream().mapToInt(p -> 2 * left + x.dot(millis(p.at))).toArray();
      int[] down = one.points.stream().mapToInt(p -> 4 * axis - 1 - y.dot(p.value)).toArray();
      for (int i = 0; i < across.length; i++) {
        int from = one.connected && i > 0 ? i - 1 : i;
        canvas.line(across[from], down[from], across[i], down[i], one.style);
      }
    }
    return IntStream.range(0, height).mapToObj(row -> canvas.row(row, colours)).toList();
  }

  /// For each row its label, or none.
  private String[] labels(Scale y, int rows) {
    String[] labels = new String[rows];
    Arrays.fill(labels, "");
    int steps = Math.max(1, (rows - 1) / ROWS_A_LABEL);
    for (int i = 0; i <= steps; i++) {
      int row = Math.round((float) i * (rows - 1) / steps);
      labels[row] = values.apply(y.at(1 - (double) row / (rows - 1)));
    }
    return labels;
  }

  /// The first and the last time, and those between that have room and are not written the same.
  private void writeTimes(Canvas canvas, Scale x, int left, int row) {
    int columns = x.dots / 2;
    int steps = Math.max(1, columns / COLUMNS_A_LABEL);
    Set<String> written = new HashSet<>();
    IntStream.concat(IntStream.of(0, steps), IntStream.range(1, steps))
        .forEach(i -> {
          long millis = Math.round(x.at((double) i / steps));
          String time = times.apply(Instant.ofEpochMilli(millis));
          int centre = left + Math.round((float) i * (columns - 1) / steps);
          if (written.add(time)) {
            canvas.write(i == 0 ? left : centre - time.length() / 2, row, time, Style.DIM);
          }
        });
  }

  private static double millis(Instant at) {
    return at.toEpochMilli();
  }
}
