package dev.nixtape.cli.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.nixtape.projections.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.function.Consumer;

/// What came of a question over HTTP.
sealed interface Reply {
  /// @param date when it was sent, by the other's clock, in whole seconds cut off
  record Answer(String url, JsonNode json, Optional<Instant> date) implements Reply {
    /// Throws when it is not of that shape: then somebody else answered, or another version.
    <T> T as(Class<T> type) throws JsonProcessingException {
      return Json.MAPPER.treeToValue(json, type);
    }
  }

  record Refusal(String url, int status, String words) implements Reply {}

  record Silence(String url, String why) implements Reply {}

  static Reply ask(URI url, Duration patience, Consumer<HttpURLConnection> introduction) {
    try {
      HttpURLConnection connection = (HttpURLConnection) url.toURL().openConnection();
      connection.setConnectTimeout((int) patience.toMillis());
      connection.setReadTimeout((int) patience.toMillis());
      connection.setInstanceFollowRedirects(false);
      connection.setRequestProperty("Accept", "application/json");
      introduction.accept(connection);
      int status = connection.getResponseCode();
      if (status != 200) {
        return new Refusal(url.toString(), status, words(connection));
      }
      try (InputStream body = connection.getInputStream()) {
        JsonNode json = Json.MAPPER.readTree(body);
        return new Answer(url.toString(), json, date(connection.getHeaderField("Date")));
      } catch (JsonProcessingException _) {
        return new Refusal(url.toString(), status, "what answers there is not nixtape");
      }
    } catch (IOException e) {
      return new Silence(url.toString(), String.valueOf(e.getMessage()));
    }
  }

  private static String words(HttpURLConnection connection) throws IOException {
    String words = "it answers with status " + connection.getResponseCode();
    try (InputStream body = connection.getErrorStream()) {
      JsonNode problem = body == null ? null : Json.MAPPER.readTree(body);
      return problem == null || !problem.has("error") ? words : problem.get("error").asText();
    } catch (JsonProcessingException _) {
      return words;
    }
  }

  private static Optional<Instant> date(@org.jspecify.annotations.Nullable String header) {
    try {
      return header == null
          ? Optional.empty()
          : Optional.of(
              ZonedDateTime.parse(header, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    } catch (DateTimeParseException _) {
      return Optional.empty();
    }
  }

  /// A URL that can be asked. Throws `IllegalArgumentException` for what is none.
  static URI url(String text) {
    try {
      URI url = new URI(text.replaceAll("/+$", ""));
      if (("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
          && url.getHost() != null) {
        return url;
      }
    } catch (URISyntaxException _) {
      // Said below, with the form that is wanted.
    }
    throw new IllegalArgumentException(
        "a URL like http://127.0.0.1:7070, not '%s'".formatted(text));
  }
}
