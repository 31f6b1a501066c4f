package dev.nixtape.sql;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import java.io.StringWriter;
import java.io.Writer;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Rows as JSON objects: an array of them, or one a line.
public final class JsonRows implements Rows {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final Writer out;
  private final JsonGenerator json;
  private final boolean lines;
  private List<String> names = List.of();

  private JsonRows(Writer out, boolean lines) throws IOException {
    this.out = out;
    this.lines = lines;
    json = FACTORY.createGenerator(out).setRootValueSeparator(new SerializedString("\n"));
  }

  public static JsonRows array(Writer out) throws IOException {
    return new JsonRows(out, false);
  }

  public static JsonRows lines(Writer out) throws IOException {
    return new JsonRows(out, true);
  }

  @Override
  public void columns(List<String> names) throws IOException {
    this.names = names;
    if (!lines) {
      json.writeStartArray();
    }
  }

  @Override
  public void row(List<@Nullable Object> values) throws IOException {
    json.writeStartObject();
    for (int i = 0; i < names.size(); i++) {
      json.writeFieldName(names.get(i));
      write(json, values.get(i));
    }
    json.writeEndObject();
  }

  @Override
  public void end() throws IOException {
    if (!lines) {
      json.writeEndArray();
    }
    json.flush();
    out.write('\n');
    out.flush();
  }

  /// A value as JSON text.
  static String text(Object value) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      write(json, value);
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, @Nullable Object value) throws IOException {
    switch (value) {
      case null -> json.writeNull();
      case Boolean truth -> json.writeBoolean(truth);
      case BigInteger number -> json.writeNumber(number);
      case BigDecimal number -> json.writeNumber(number);
      case Double number when !Double.isFinite(number) -> json.writeString(number.toString());
      case Float number when !Float.isFinite(number) -> json.writeString(number.toString());
      case Double number -> json.writeNumber(number);
      case Float number -> json.writeNumber(number);
      case Number number -> json.writeNumber(number.longValue());
      case List<?> items -> {
        json.writeStartArray();
        for (Object item : items) {
          write(json, item);
        }
        json.writeEndArray();
      }
      case Map<?, ?> fields -> {
        json.writeStartObject();
        for (Map.Entry<?, ?> field : fields.entrySet()) {
          json.writeFieldName(String.valueOf(field.getKey()));
          write(json, field.getValue());
        }
        json.writeEndObject();
      }
      default -> json.writeString(CsvRows.text(value));
    }
  }
}
