package dev.nixtape.cli;

import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import dev.nixtape.projections.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Option;

/// The query server that a command asks.
final class Server {
  private static final Duration CONNECT = Duration.ofSeconds(3);

  @Option(
      names = "--server",
      paramLabel = "URL",
      defaultValue = "${env:NIXTAPE_SERVER:-http://127.0.0.1:7070}",
      description = "Whom to ask (default: $NIXTAPE_SERVER, else http://127.0.0.1:7070).")
  String address = "";

  /// The answer's bytes. Throws `Failure` with the server's own words when it has no answer.
  InputStream get(String path) throws IOException {
    return get(path, "application/json");
  }

  InputStream get(String path, String accept) throws IOException {
    HttpURLConnection connection;
    try {
      connection =
          (HttpURLConnection)
              URI.create(address.replaceAll("/+$", "") + path).toURL().openConnection();
    } catch (IllegalArgumentException | java.net.MalformedURLException e) {
      throw new Failure(
          Failure.USAGE, "--server: a URL like http://127.0.0.1:7070, not '%s'".formatted(address));
    }
    connection.setConnectTimeout((int) CONNECT.toMillis());
    connection.setRequestProperty("Accept", accept);
    int status;
    try {
      status = connection.getResponseCode();
    } catch (IOException e) {
      throw new Failure(
          Failure.NO_SERVER,
          "nobody answers at %s (%s): start it with 'nixtape up', or name another with --server or NIXTAPE_SERVER"
              .formatted(address, e.getMessage()));
    }
    if (status == 200) {
      return connection.getInputStream();
    }
    throw new Failure(
        switch (status) {
          case 404 -> Failure.NOTHING_FOUND;
          case 400, 409 -> Failure.USAGE;
          case 503 -> Failure.NO_SERVER;
          default -> Failure.FAILED;
        },
        words(connection, status));
  }

  /// Prints the server's own bytes: its JSON is the promise.
  void copy(String path, PrintWriter out) throws IOException {
    out.flush();
    try (InputStream answer = get(path)) {
      answer.transferTo(System.out);
    }
    System.out.write('\n');
    System.out.flush();
  }

  private static String words(HttpURLConnection connection, int status) throws IOException {
    try (InputStream body = connection.getErrorStream()) {
      JsonNode problem = body == null ? null : Json.MAPPER.readTree(body);
      return problem == null || !problem.has("error")
          ? "the server answers with status " + status
          : problem.get("error").asText();
    }
  }

  static <T> List<T> list(InputStream answer, Class<T> type) throws IOException {
    JavaType list = Json.MAPPER.getTypeFactory().constructCollectionType(List.class, type);
    return Json.MAPPER.readValue(answer, list);
  }

  <T> T one(String path, Class<T> type) throws IOException {
    try (InputStream answer = get(path)) {
      return Json.MAPPER.readValue(answer, type);
    }
  }

  static String segment(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
