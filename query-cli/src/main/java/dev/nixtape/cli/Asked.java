package dev.nixtape.cli;

import dev.nixtape.projections.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What every question has: whom to ask, and in which form to print the answer.
final class Asked {
  private static final Pattern AGO = Pattern.compile("(\\d+)([smhdw])");

  enum Form {
    TABLE,
    JSON,
    CSV
  }

  @Mixin Server server = new Server();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      defaultValue = "TABLE",
      description = "table, json or csv (default: table).")
  Form form = Form.TABLE;

  /// Prints the rows at a path in the form that was asked for.
  <T> void print(String path, Class<T> type, Table<T> table, String none, PrintWriter out)
      throws IOException {
    print(path, answer -> Server.list(answer, type), table, none, out);
  }

  /// Reads the rows of an answer.
  interface Reader<T> {
    List<T> read(InputStream answer) throws IOException;
  }

  <T> void print(String path, Reader<T> reader, Table<T> table, String none, PrintWriter out)
      throws IOException {
    if (form == Form.JSON) {
      server.copy(path, out);
      return;
    }
    List<T> rows;
    try (InputStream answer = server.get(path)) {
      rows = reader.read(answer);
    }
    if (form == Form.CSV) {
      table.csv(rows, out);
    } else if (rows.isEmpty()) {
      out.println(none);
    } else {
      table.print(rows, out);
    }
  }

  /// Reads `2h` (ago), a day, a local time or an RFC 3339 time.
  static Instant time(String text, Instant now, ZoneId zone) {
    Matcher ago = AGO.matcher(text);
    if (ago.matches()) {
      long n = Long.parseLong(ago.group(1));
      return now.minus(
          switch (ago.group(2)) {
            case "s" -> Duration.ofSeconds(n);
            case "m" -> Duration.ofMinutes(n);
            case "h" -> Duration.ofHours(n);
            case "d" -> Duration.ofDays(n);
            default -> Duration.ofDays(7 * n);
          });
    }
    try {
      if (text.endsWith("Z")) {
        return Instant.parse(text);
      }
      return text.length() <= "2026-01-31".length()
          ? LocalDate.parse(text).atStartOfDay(zone).toInstant()
          : LocalDateTime.parse(text.replace(' ', 'T')).atZone(zone).toInstant();
    } catch (DateTimeException e) {
      throw new Failure(
          Failure.USAGE,
          "not a time: '%s'; say 30m, 2h, 7d, 2026-01-31, '2026-01-31 14:03' or 2026-01-31T14:03:00Z"
              .formatted(text));
    }
  }

  static String json(Object value) {
    return new String(Json.write(value), StandardCharsets.UTF_8);
  }
}
