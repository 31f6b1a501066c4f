package dev.nixtape.projections.nix;

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
///
/// 98 of 100 lines of a real log are progress results and most others are log lines. CppNix writes
/// both in one fixed form, which is read here byte by byte, without allocating more than the event;
/// every other line goes through a JSON parser. Both ways give the same event for the same line.
public final class NixLine {
  private static final JsonFactory JSON = new JsonFactory();

  private static final byte[] MARK = ascii("@nix ");
  private static final byte[] RESULT = ascii("{\"action\":\"result\",\"fields\":[");
  private static final byte[] ID = ascii("],\"id\":");
  private static final byte[] TYPE = ascii(",\"type\":");

  private NixLine() {}

  /// The event that a line holds, without its newline. Never throws: what it cannot read is
  /// `Unrecognised`.
  public static NixEvent parse(ByteSlice line) {
    int json = startOfJson(line);
    if (json < 0) {
      return new NixEvent.Text();
    }
    ByteSlice object = line.from(json);
    NixEvent frequent = frequentResult(object);
    return frequent != null ? frequent : parseJson(object);
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

  /// A progress result or log line in the form that CppNix writes: null when it is something else
  /// or in another form.
  private static @Nullable NixEvent frequentResult(ByteSlice json) {
    if (!json.has(RESULT, 0)) {
      return null;
    }
    Scanner scan = new Scanner(json, RESULT.length);
    if (scan.is('"')) {
      if (!scan.plainString()) {
        return null;
      }
      long id = scan.tail();
      return switch (scan.type) {
        case 101, 107 -> new NixEvent.LogLine(id);
        default -> null;
      };
    }
    long done = scan.number();
    boolean four = scan.skip(',');
    long expected = scan.number();
    four &= scan.skip(',');
    long running = scan.number();
    four &= scan.skip(',');
    long failed = scan.number();
    if (!four) {
      return null;
    }
    long id = scan.tail();
    return scan.type == 105 ? new NixEvent.Progress(id, done, expected, running, failed) : null;
  }

  private static final class Scanner {
    private final ByteSlice json;
    private int at;
    private int type;

    Scanner(ByteSlice json, int at) {
      this.json = json;
      this.at = at;
    }

    boolean is(char c) {
      return at < json.length() && json.at(at) == c;
    }

    boolean skip(char c) {
      boolean there = is(c);
      if (there) {
        at++;
      }
      return there;
    }

    /// Digits as a number; -1 when there are none or more than 18 (the slow way decides then).
    long number() {
      int start = at;
      long value = 0;
      while (at < json.length() && json.at(at) >= '0' && json.at(at) <= '9') {
        value = value * 10 + (json.at(at) - '0');
        at++;
      }
      int digits = at - start;
      if (digits == 0 || digits > 18 || (digits > 1 && json.at(start) == '0')) {
        at = json.length();
        return -1;
      }
      return value;
    }

    /// Passes a string of ASCII; what a JSON parser must look at more closely (other characters,
    /// control characters) is not plain.
    boolean plainString() {
      at++;
      while (at < json.length()) {
        byte c = json.at(at);
        if (c == '"') {
          at++;
          return true;
        }
        if (c < ' ') {
          return false;
        }
        if (c == '\\') {
          if (at + 1 >= json.length() || "\"\\/bfnrt".indexOf(json.at(at + 1)) < 0) {
            return false;
          }
          at++;
        }
        at++;
      }
      return false;
    }

    /// Reads `],"id":N,"type":T}` up to the line's end: returns the id and leaves the type, 0 when
    /// it is not that.
    long tail() {
      type = 0;
      if (!json.has(ID, at)) {
        return 0;
      }
      at += ID.length;
      long id = number();
      if (!json.has(TYPE, at)) {
        return 0;
      }
      at += TYPE.length;
      long number = number();
      if (skip('}') && at == json.length() && number >= 0) {
        type = (int) number;
      }
      return id;
    }
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

  private static byte[] ascii(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
  }
}
