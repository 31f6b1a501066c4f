package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// Rows under headings: for people aligned to the screen, as CSV with every value in full.
final class Table<T> {
  private static final String GAP = "  ";

  /// Columns that a flexible one keeps.
  private static final int FLEXIBLE = 8;

  private record Column<T>(
      String heading,
      boolean right,
      boolean flexible,
      boolean optional,
      Function<T, String> text,
      Function<T, Style> style,
      Function<T, String> value) {
    Column<T> asOptional() {
      return new Column<>(heading, right, flexible, true, text, style, value);
    }

    boolean isEmpty(List<T> rows) {
      return rows.stream().allMatch(row -> text.apply(row).isEmpty());
    }
  }

  private final List<Column<T>> columns = new ArrayList<>();
  private boolean withoutEmpty;

  /// People are not shown a column in which nothing stands.
  Table<T> withoutEmpty() {
    withoutEmpty = true;
    return this;
  }

  /// People are shown the last column only when something stands in it and the screen has room.
  Table<T> optional() {
    columns.add(columns.removeLast().asOptional());
    return this;
  }

  Table<T> left(String heading, Function<T, String> text, Function<T, Style> style) {
    columns.add(new Column<>(heading, false, false, false, text, style, text));
    return this;
  }

  Table<T> left(String heading, Function<T, String> text) {
    return left(heading, text, _ -> Style.PLAIN);
  }

  Table<T> right(String heading, Function<T, String> text, Function<T, String> csv) {
    columns.add(new Column<>(heading, true, false, false, text, _ -> Style.PLAIN, csv));
    return this;
  }

  Table<T> number(String heading, Function<T, Long> number) {
    return right(
        heading,
        row -> number.apply(row) == 0 ? "" : Long.toString(number.apply(row)),
        row -> Long.toString(number.apply(row)));
  }

  /// A figure that a row may not have.
  interface Figure<T> {
    @Nullable Long of(T row);
  }

  /// A time in milliseconds; for CSV the number.
  Table<T> time(String heading, Figure<T> ms) {
    return figure(heading, ms, value -> Screen.duration(Duration.ofMillis(value)));
  }

  /// Bytes, if there are any; for CSV the number.
  Table<T> bytes(String heading, Figure<T> bytes) {
    return figure(heading, bytes, value -> value == 0 ? "" : Screen.bytes(value));
  }

  /// Bytes a second; for CSV the number.
  Table<T> rate(String heading, Figure<T> bytesPerSecond) {
    return figure(heading, bytesPerSecond, value -> Screen.bytes(value) + "/s");
  }

  /// For CSV the number.
  Table<T> figure(String heading, Figure<T> figure, LongFunction<String> text) {
    return right(
        heading,
        row -> {
          Long value = figure.of(row);
          return value == null ? "" : text.apply(value);
        },
        row -> Objects.toString(figure.of(row), ""));
  }

  /// A column that gives way when the screen is too narrow.
  Table<T> flexible(
      String heading, Function<T, String> text, Function<T, Style> style, Function<T, String> csv) {
    columns.add(new Column<>(heading, false, true, false, text, style, csv));
    return this;
  }

  void print(List<T> rows, PrintWriter out) {
    print(rows, Screen.columns(), out);
  }

  /// @param screen how many characters fit side by side
  void print(List<T> rows, int screen, PrintWriter out) {
    columns.removeIf(column -> (withoutEmpty || column.optional) && column.isEmpty(rows));
    int[] widths = widths(rows, screen);
    for (int i = columns.size() - 1; i >= 0 && total(widths) > screen; i--) {
      if (columns.get(i).optional) {
        columns.remove(i);
        widths = widths(rows, screen);
      }
    }
    boolean colours = Screen.colours();
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < columns.size(); i++) {
      cell(line, i, columns.get(i).heading, colours ? Style.DIM : Style.PLAIN, widths);
    }
    out.println(line.toString().stripTrailing());
    for (T row : rows) {
      line.setLength(0);
      for (int i = 0; i < columns.size(); i++) {
        Column<T> column = columns.get(i);
        cell(
            line,
            i,
            clean(column.text.apply(row)),
            colours ? column.style.apply(row) : Style.PLAIN,
            widths);
      }
      out.println(line.toString().stripTrailing());
    }
  }

  private int[] widths(List<T> rows, int screen) {
    int[] widths = new int[columns.size()];
    int flexible = -1;
    for (int i = 0; i < widths.length; i++) {
      Column<T> column = columns.get(i);
      widths[i] = column.heading.length();
      for (T row : rows) {
        widths[i] = Math.max(widths[i], clean(column.text.apply(row)).length());
      }
      if (column.flexible) {
        flexible = i;
      }
    }
    if (flexible >= 0 && total(widths) > screen) {
      widths[flexible] = Math.max(FLEXIBLE, widths[flexible] - (total(widths) - screen));
    }
    return widths;
  }

  private static int total(int[] widths) {
    return Arrays.stream(widths).sum() + GAP.length() * (widths.length - 1);
  }

  private void cell(StringBuilder line, int i, String text, Style style, int[] widths) {
    int width = widths[i];
    String shown = text.length() <= width ? text : text.substring(0, width - 1) + "…";
    String pad = " ".repeat(width - shown.length());
    if (i > 0) {
      line.append(GAP);
    }
    line.append(columns.get(i).right ? pad + style.paint(shown) : style.paint(shown) + pad);
  }

  /// What a builder or user wrote must not steer the terminal.
  static String clean(String text) {
    return text.codePoints().anyMatch(Character::isISOControl)
        ? text.replaceAll("\\p{Cntrl}+", " ")
        : text;
  }

  void csv(List<T> rows, PrintWriter out) {
    out.println(
        String.join(
            ",", columns.stream().map(c -> c.heading.toLowerCase(java.util.Locale.ROOT)).toList()));
    for (T row : rows) {
      out.println(String.join(",", columns.stream().map(c -> quoted(c.value.apply(row))).toList()));
    }
  }

  /// RFC 4180.
  private static String quoted(String value) {
    return value.matches("(?s).*[\",\r\n].*") ? "\"" + value.replace("\"", "\"\"") + "\"" : value;
  }
}
