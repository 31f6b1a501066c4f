package dev.nixtape.cli;

import java.time.Duration;
import java.util.Locale;

/// What standard output is, and how text looks on it. The launcher says so in `NIXTAPE_SCREEN`
/// (`ROWS COLUMNS` of a terminal): to ask the JVM costs more than the rest of a command.
final class Screen {
  /// Columns of a terminal that does not say.
  private static final int COLUMNS = 100;

  private Screen() {}

  static boolean terminal() {
    return System.getenv("NIXTAPE_SCREEN") != null;
  }

  static boolean colours() {
    String no = System.getenv("NO_COLOR");
    return terminal() && (no == null || no.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
  }

  static int columns() {
    return terminal() ? size(1, COLUMNS) : Integer.MAX_VALUE;
  }

  static int rows() {
    return size(0, Integer.MAX_VALUE);
  }

  private static int size(int index, int otherwise) {
    String[] size = String.valueOf(System.getenv("NIXTAPE_SCREEN")).split(" ", -1);
    try {
      int n = size.length == 2 ? Integer.parseInt(size[index]) : 0;
      return n > 0 ? n : otherwise;
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  enum Style {
    PLAIN(""),
    BOLD("1"),
    DIM("2"),
    RED("31"),
    GREEN("32"),
    YELLOW("33"),
    BLUE("34");

    private final String code;

    Style(String code) {
      this.code = code;
    }

    String paint(String text) {
      return this == PLAIN || text.isEmpty() ? text : "\u001b[" + code + "m" + text + "\u001b[0m";
    }
  }

  /// `850ms`, `3.2s`, `4m 10s`, `2h 05m`, `3d 4h`.
  static String duration(Duration time) {
    long ms = Math.max(0, time.toMillis());
    if (ms < 1000) {
      return ms + "ms";
    }
    if (ms < 60_000) {
      return String.format(Locale.ROOT, "%.1fs", ms / 1000.0);
    }
    long s = ms / 1000;
    if (s < 3600) {
      return String.format(Locale.ROOT, "%dm %02ds", s / 60, s % 60);
    }
    if (s < 86_400) {
      return String.format(Locale.ROOT, "%dh %02dm", s / 3600, s % 3600 / 60);
    }
    return String.format(Locale.ROOT, "%dd %dh", s / 86_400, s % 86_400 / 3600);
  }

  /// `+1.2s`, `-350ms`.
  static String shift(long ms) {
    return (ms < 0 ? "-" : "+") + duration(Duration.ofMillis(Math.abs(ms)));
  }

  /// `512 B`, `3.4 KiB`, `1.2 GiB`.
  static String bytes(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    double value = bytes;
    int unit = -1;
    while (value >= 1024 && unit < 4) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %ciB", value, "KMGTP".charAt(unit));
  }
}
