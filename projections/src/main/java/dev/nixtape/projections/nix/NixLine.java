package dev.nixtape.projections.nix;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.nixtape.projections.ByteSlice;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads one line of Nix's event stream.
public final class NixLine {
  private static final JsonFactory JSON = new JsonFactory();

  static final byte[] MARK = "@nix ".getBytes(US_ASCII);

  private NixLine() {}

  /// The event that a line holds, without its newline. Never throws: what it cannot read is
  /// `Unrecognised`.
  public static NixEvent parse(ByteSlice line) {
    int json = startOfJson(line);
    if (json < 0) {
      return new NixEvent.Text();
    }
    ByteSlice object = line.from(json);
    FrequentResult frequent = new FrequentResult(object.array());
    return frequent.read(object.from(), object.to()) == object.to()
        ? frequent.event()
        : parseJson(object);
  }

  /// Where the JSON begins: behind `@nix `, which may stand behind a systemd prefix (`<3>`) or
  /// behind other output that had no newline yet; at the line's first byte when that is a brace; -1
  /// when there is none.
  private static int startOfJson(ByteSlice line) {
    if (line.isEmpty()) {
      return -1;
    }
    if (line.at(0) == '{') {
      return 0;
    }
    for (int at = line.indexOf((byte) '@', 0); at >= 0; at = line.indexOf((byte) '@', at + 1)) {
      if (line.has(MARK, at)) {
        int json = at + MARK.length;
        return json < line.length() && line.at(json) == '{' ? json : -1;
      }
    }
    return -1;
  }

  /// Whether a line is a progress result (type 105) and nothing else: 98 of 100 lines are.
  public static boolean isProgress(byte[] bytes, int from, int to) {
    int json = startOfJson(ByteSlice.of(bytes, from, to));
    FrequentResult frequent = new FrequentResult(bytes);
    return json >= 0 && frequent.read(from + json, to) == to && !frequent.isLogLine();
  }

  private static NixEvent parseJson(ByteSlice json) {
    Line line = new Line();
    try (JsonParser parser = JSON.createParser(json.array(), json.from(), json.length())) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        line.read(parser.currentName(), parser);
      }
      if (parser.nextToken() != null) {
        return new NixEvent.Unrecognised("something follows the JSON object");
      }
    } catch (IOException e) {
      return new NixEvent.Unrecognised("not JSON");
    } catch (NumberFormatException e) {
      return new NixEvent.Unrecognised("a number that is not an unsigned 64-bit integer");
    }
    return line.event();
  }

  /// The keys of a line that mean something here.
  private static final class Line {
    private String action = "";
    private @Nullable Long id;
    private long parent;
    private int level;
    private int type = -1;
    private String text = "";
    private boolean message;
    private boolean determinate;
    private List<String> fields = List.of();
    private @Nullable String status;
    private @Nullable Boolean success;
    private String error = "";

    void read(String key, JsonParser json) throws IOException {
      JsonToken token = json.nextToken();
      switch (key) {
        case "action" -> action = json.getText();
        case "id" -> id = unsigned(json);
        case "parent" -> parent = unsigned(json);
        case "level" -> level = json.getIntValue();
        case "type" -> type = json.getIntValue();
        case "text" -> text = json.getText();
        case "msg" -> {
          text = json.getText();
          message = true;
        }
        case "sid" -> {
          determinate = true;
          json.skipChildren();
        }
        case "fields" -> {
          if (token != JsonToken.START_ARRAY) {
            throw new NumberFormatException(key);
          }
          fields = fields(json);
        }
        case "payload" -> payload(json, token);
        default -> json.skipChildren();
      }
    }

    private static long unsigned(JsonParser json) throws IOException {
      if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        throw new NumberFormatException(json.getText());
      }
      if (json.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
        long value = json.getLongValue();
        if (value < 0) {
          throw new NumberFormatException(json.getText());
        }
        return value;
      }
      BigInteger value = json.getBigIntegerValue();
      if (value.signum() < 0 || value.bitLength() > 64) {
        throw new NumberFormatException(json.getText());
      }
      return value.longValue();
    }

    private static List<String> fields(JsonParser json) throws IOException {
      List<String> fields = new ArrayList<>(4);
      for (JsonToken t = json.nextToken(); t != JsonToken.END_ARRAY; t = json.nextToken()) {
        if (t == JsonToken.VALUE_NUMBER_INT) {
          fields.add(Long.toUnsignedString(unsigned(json)));
        } else if (t == JsonToken.VALUE_STRING) {
          fields.add(json.getText());
        } else {
          throw new NumberFormatException("field");
        }
      }
      return fields;
    }

    private void payload(JsonParser json, JsonToken token) throws IOException {
      if (token != JsonToken.START_OBJECT) {
        json.skipChildren();
        return;
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String key = json.currentName();
        JsonToken value = json.nextToken();
        switch (key) {
          case "status" -> status = json.getText();
          case "success" -> success = value.isBoolean() ? json.getBooleanValue() : null;
          case "errorMsg" -> error = value == JsonToken.VALUE_STRING ? json.getText() : "";
          default -> json.skipChildren();
        }
      }
    }

    NixEvent event() {
      return switch (action) {
        case "start" -> start();
        case "stop" ->
            id == null ? new NixEvent.Unrecognised("a stop without id") : new NixEvent.Stop(id);
        case "result" -> result();
        case "msg" ->
            message
                ? new NixEvent.Message(level, text)
                : new NixEvent.Unrecognised("a msg without text");
        default -> new NixEvent.Unrecognised("an unknown action");
      };
    }

    private NixEvent start() {
      if (id == null) {
        return new NixEvent.Unrecognised("a start without id");
      }
      var known = ActivityType.of(type);
      return known.isEmpty()
          ? new NixEvent.Unrecognised("an activity of unknown type " + type)
          : new NixEvent.Start(id, parent, known.get(), text, fields);
    }

    private NixEvent result() {
      if (id == null) {
        return new NixEvent.Unrecognised("a result without id");
      }
      return switch (type) {
        case 101, 107 ->
            fields.isEmpty()
                ? new NixEvent.Unrecognised("a log line without text")
                : new NixEvent.LogLine(id);
        case 104 ->
            fields.isEmpty()
                ? new NixEvent.Unrecognised("a phase without name")
                : new NixEvent.Phase(id, fields.getFirst());
        case 105 -> progress(id);
        case 100, 102, 103, 106, 108 -> new NixEvent.Other(id, type);
        // upstream: a path fetched to the store; Determinate Nix, known by its `sid`: a hash
        // mismatch. Neither changes an answer.
        case 109 -> new NixEvent.Other(id, type);
        case 110 ->
            determinate || status != null
                ? new NixEvent.BuildResult(id, status == null ? "" : status, success, error)
                : new NixEvent.Unrecognised("a build result without payload");
        default -> new NixEvent.Unrecognised("a result of unknown type " + type);
      };
    }

    private NixEvent progress(long id) {
      if (fields.size() != 4) {
        return new NixEvent.Unrecognised("progress with " + fields.size() + " numbers");
      }
      try {
        return new NixEvent.Progress(
            id,
            Long.parseUnsignedLong(fields.get(0)),
            Long.parseUnsignedLong(fields.get(1)),
            Long.parseUnsignedLong(fields.get(2)),
            Long.parseUnsignedLong(fields.get(3)));
      } catch (NumberFormatException e) {
        return new NixEvent.Unrecognised("progress with text in it");
      }
    }
  }

  /// The line that a builder or hook wrote, of a line of the stream that parsed as `LogLine`.
  public static String logText(ByteSlice line) {
    ByteSlice object = line.from(startOfJson(line));
    try (JsonParser json = JSON.createParser(object.array(), object.from(), object.length())) {
      json.nextToken();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        boolean fields = json.currentName().equals("fields");
        json.nextToken();
        if (fields) {
          return Line.fields(json).getFirst();
        }
        json.skipChildren();
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("not a log line: " + line, e);
    }
    throw new IllegalArgumentException("not a log line: " + line);
  }
}
