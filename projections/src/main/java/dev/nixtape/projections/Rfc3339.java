package dev.nixtape.projections;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.Instant;
import java.time.LocalDate;

/// Times as text, in UTC with milliseconds: `2026-01-31T14:03:00.000Z`. By hand: a general
/// formatter took half of a projection's time.
public final class Rfc3339 {
  private static final long DAY = 86_400_000;

  private Rfc3339() {}

  public static String write(Instant at) {
    long millis = at.toEpochMilli();
    LocalDate day = LocalDate.ofEpochDay(Math.floorDiv(millis, DAY));
    int rest = (int) Math.floorMod(millis, DAY);
    byte[] text = "0000-00-00T00:00:00.000Z".getBytes(US_ASCII);
    digits(text, 0, 4, day.getYear());
    digits(text, 5, 2, day.getMonthValue());
    digits(text, 8, 2, day.getDayOfMonth());
    digits(text, 11, 2, rest / 3_600_000);
    digits(text, 14, 2, rest / 60_000 % 60);
    digits(text, 17, 2, rest / 1000 % 60);
    digits(text, 20, 3, rest % 1000);
    return new String(text, US_ASCII);
  }

  /// Reads any time in UTC, those of `write` quickly. Throws `DateTimeException` or
  /// `NumberFormatException` for what is none.
  public static Instant read(String text) {
    if (text.length() != 24 || text.charAt(19) != '.' || text.charAt(23) != 'Z') {
      return Instant.parse(text);
    }
    long day =
        LocalDate.of(number(text, 0, 4), number(text, 5, 7), number(text, 8, 10)).toEpochDay();
    long seconds = number(text, 11, 13) * 3600L + number(text, 14, 16) * 60L + number(text, 17, 19);
    return Instant.ofEpochMilli(day * DAY + seconds * 1000 + number(text, 20, 23));
  }

  private static void digits(byte[] text, int at, int count, int value) {
    for (int i = at + count - 1; i >= at; i--) {
      text[i] = (byte) ('0' + value % 10);
      value /= 10;
    }
  }

  private static int number(String text, int from, int to) {
    return Integer.parseInt(text, from, to, 10);
  }
}
