package dev.nixtape.sql;

import dev.nixtape.projections.Rfc3339;
import java.io.IOException;
import java.io.Writer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Rows as CSV (RFC 4180, but lines end with a newline alone), with a heading. What is null is
/// empty; lists and structures are JSON.
public final class CsvRows implements Rows {
  private final Writer out;

  public CsvRows(Writer out) {
    this.out = out;
  }

  @Override
  public void columns(List<String> names) throws IOException {
    row(List.copyOf(names));
  }

  @Override
  public void row(List<@Nullable Object> values) throws IOException {
    for (int i = 0; i < values.size(); i++) {
      if (i > 0) {
        out.write(',');
      }
      Object value = values.get(i);
      if (value != null) {
        quoted(text(value));
      }
    }
    out.write('\n');
  }

  @Override
  public void end() throws IOException {
    out.flush();
  }

  /// A value as text: times in UTC as RFC 3339 has them, lists and structures as JSON.
  public static String text(Object value) throws IOException {
    return switch (value) {
      case Instant at -> Rfc3339.write(at);
      case List<?> items -> JsonRows.text(items);
      case Map<?, ?> fields -> JsonRows.text(fields);
      default -> value.toString();
    };
  }

  private void quoted(String text) throws IOException {
    boolean plain =
        text.indexOf(',') < 0
            && text.indexOf('"') < 0
            && text.indexOf('\n') < 0
            && text.indexOf('\r') < 0;
    out.write(plain ? text : "\"" + text.replace("\"", "\"\"") + "\"");
  }
}
