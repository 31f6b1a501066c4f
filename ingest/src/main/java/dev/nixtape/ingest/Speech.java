package dev.nixtape.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/// What an event says to the person in front of the terminal, as `nix -v` with plain logs would.
sealed interface Speech {
  /// Nix's lvlInfo, src/libutil/include/nix/util/error.hh: what `nix -v` shows.
  int SHOWN_LEVEL = 3;

  record Says(String text) implements Speech {}

  record Silent() implements Speech {}

  /// The bytes are not one whole event.
  record NoEvent() implements Speech {}

  static Speech of(byte[] line, int from, int to) {
    Event event = new Event();
    try (JsonParser json = Event.JSON.createParser(line, from, to - from)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        return new NoEvent();
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        event.read(json.currentName(), json);
      }
      return json.nextToken() == null ? event.speech() : new NoEvent();
    } catch (IOException _) {
      return new NoEvent();
    }
  }

  /// The few keys that matter here.
  final class Event {
    private static final JsonFactory JSON = new JsonFactory();

    private String action = "";
    private int level;
    private int type;
    private String text = "";
    private String firstField = "";

    private Event() {}

    private void read(String key, JsonParser json) throws IOException {
      JsonToken value = json.nextToken();
      switch (key) {
        case "action" -> action = json.getText();
        case "level" -> level = json.getIntValue();
        case "type" -> type = json.getIntValue();
        case "msg", "text" -> text = json.getText();
        case "fields" -> {
          if (value == JsonToken.START_ARRAY && json.nextToken() == JsonToken.VALUE_STRING) {
            firstField = json.getText();
          }
          while (json.currentToken() != JsonToken.END_ARRAY && json.currentToken() != null) {
            json.nextToken();
          }
        }
        default -> json.skipChildren();
      }
    }

    private Speech speech() {
      return switch (action) {
        case "" -> new NoEvent();
        case "msg" -> level <= SHOWN_LEVEL ? new Says(text) : new Silent();
        case "start" -> level <= SHOWN_LEVEL && !text.isEmpty() ? new Says(text) : new Silent();
        // lines of the builder and of the post-build hook
        case "result" -> type == 101 || type == 107 ? new Says(firstField) : new Silent();
        default -> new Silent();
      };
    }
  }
}
