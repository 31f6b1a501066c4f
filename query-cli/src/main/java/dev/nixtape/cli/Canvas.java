package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import java.util.Arrays;

/// Cells of text, each of which holds a character or 2 by 4 dots, as braille.
final class Canvas {
  /// Unicode's braille block counts its dots by columns, but for the fourth row, which came later.
  private static final int[][] DOTS = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

  private static final char BRAILLE = '\u2800';

  private final int width;
  private final char[][] cells;
  private final Style[][] styles;

  /// @param width columns
  /// @param height rows
  Canvas(int width, int height) {
    this.width = width;
    cells = new char[height][width];
    styles = new Style[height][width];
    for (int row = 0; row < height; row++) {
      Arrays.fill(cells[row], ' ');
      Arrays.fill(styles[row], Style.PLAIN);
    }
  }

  /// @param x dots from the left, 2 a column
  /// @param y dots from the top, 4 a row
  void dot(int x, int y, Style style) {
    char old = cells[y / 4][x / 2];
    int dots = old >= BRAILLE && old <= BRAILLE + 0xff ? old - BRAILLE : 0;
    put(x / 2, y / 4, (char) (BRAILLE + (dots | DOTS[y % 4][x % 2])), style);
  }

  /// Dots from one place to another, both included.
  void line(int fromX, int fromY, int toX, int toY, Style style) {
    int steps = Math.max(Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY)), 1);
    for (int i = 0; i <= steps; i++) {
      double part = (double) i / steps;
      dot(
          (int) Math.round(fromX + part * (toX - fromX)),
          (int) Math.round(fromY + part * (toY - fromY)),
          style);
    }
  }

  void put(int column, int row, char character, Style style) {
    cells[row][column] = character;
    styles[row][column] = style;
  }

  /// Writes a text, moved to the left where it would not fit; not at all when it would touch
  /// another.
  void write(int column, int row, String text, Style style) {
    int from = Math.clamp(column, 0, Math.max(0, width - text.length()));
    int to = from + text.length();
    if (to > width) {
      return;
    }
    for (int i = Math.max(0, from - 1); i < Math.min(width, to + 1); i++) {
      if (cells[row][i] != ' ') {
        return;
      }
    }
    for (int i = from; i < to; i++) {
      put(i, row, text.charAt(i - from), style);
    }
  }

  /// A row's text without the blanks at its end.
  String row(int row, boolean colours) {
    StringBuilder text = new StringBuilder();
    int end = width;
    while (end > 0 && cells[row][end - 1] == ' ') {
      end--;
    }
    for (int from = 0, to = 0; from < end; from = to) {
      while (to < end && styles[row][to] == styles[row][from]) {
        to++;
      }
      String run = new String(cells[row], from, to - from);
      text.append(colours ? styles[row][from].paint(run) : run);
    }
    return text.toString();
  }
}
