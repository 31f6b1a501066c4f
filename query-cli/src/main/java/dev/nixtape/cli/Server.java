package dev.nixtape.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import dev.nixtape.projections.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The query server that a command asks.
final class Server {
  static {
    // A command that is put on record must not be put there twice.
    System.setProperty("sun.net.http.retryPost", "false");
  }

  private static final Duration CONNECT = Duration.ofSeconds(3);
  private static final String UNIX = "unix:";

  /// A server's UNIX socket is named by its port.
  private static final Pattern HERE =
      Pattern.compile("http://(?:127(?:\\.[0-9]{1,3}){3}|localhost|\\[::1]):([0-9]{1,5})/*");

  @Option(
      names = "--server",
      paramLabel = "URL",
      defaultValue = "${env:NIXTAPE_SERVER:-http://127.0.0.1:7070}",
      description =
          "Whom to ask: an http or https URL, or unix:PATH (default: $NIXTAPE_SERVER, else http://127.0.0.1:7070).")
  String address = "";

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      defaultValue = "${env:NIXTAPE_TOKEN_FILE}",
      description =
          "The token to show to an https server (default: $$NIXTAPE_TOKEN_FILE, else token in $$XDG_CONFIG_HOME/nixtape).")
  Optional<Path> token = Optional.empty();

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      defaultValue = "${env:NIXTAPE_CA}",
      description =
          "Certificates (PEM) that vouch for an https server's (default: $$NIXTAPE_CA, else those that Java trusts).")
  Optional<Path> authority = Optional.empty();

  /// The same server where it knows who asks: at its UNIX socket, when it is on this machine and
  /// has one.
  Server knowing() {
    Matcher here = HERE.matcher(address);
    if (!here.matches()) {
      return this;
    }
    String name = "query-%s.sock".formatted(here.group(1));
    return Places.socketsToAsk(System.getenv()).stream()
        .map(folder -> folder.resolve(name))
        .filter(Files::exists)
        .findFirst()
        .map(socket -> {
          Server knowing = new Server();
          knowing.address = UNIX + socket;
          return knowing;
        })
        .orElse(this);
  }

  /// The answer's bytes. Throws `Failure` with the server's own words when it has no answer.
  InputStream get(String path) throws IOException {
    return get(path, "application/json");
  }

  InputStream get(String path, String accept) throws IOException {
    return ask(path, accept, null);
  }

  InputStream post(String path, Object body) throws IOException {
    return ask(path, "application/json", Json.write(body));
  }

  private InputStream ask(String path, String accept, byte @Nullable [] body) throws IOException {
    try {
      if (address.startsWith(UNIX)) {
        PeerAnswer answer =
            PeerAnswer.of(Path.of(address.substring(UNIX.length())), path, accept, body);
        return answered(answer.status(), answer.body(), answer.body());
      }
      HttpURLConnection connection = connect(path);
      connection.setRequestProperty("Accept", accept);
      if (body != null) {
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setDoOutput(true);
        try (OutputStream out = connection.getOutputStream()) {
          out.write(body);
        }
      }
      int status = connection.getResponseCode();
      return answered(
          status, status == 200 ? connection.getInputStream() : null, connection.getErrorStream());
    } catch (SSLException e) {
      throw new Failure(
          Failure.NO_SERVER,
          "whoever answers at %s is not to be trusted (%s): name a file with the certificates that vouch for your server with --ca"
              .formatted(address, e.getMessage()));
    } catch (IOException e) {
      throw new Failure(
          Failure.NO_SERVER,
          "nobody answers at %s (%s): start it with 'nixtape up', or name another with --server or NIXTAPE_SERVER"
              .formatted(address, e.getMessage()));
    }
  }

  private HttpURLConnection connect(String path) throws IOException {
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
    introduce(connection);
    return connection;
  }

  /// Has a server over TLS shown who asks; no other.
  void introduce(HttpURLConnection connection) {
    if (connection instanceof HttpsURLConnection secured) {
      Credentials.of(token, authority).addTo(secured);
    }
  }

  private static InputStream answered(
      int status, @Nullable InputStream body, @Nullable InputStream problem) throws IOException {
    if (status == 200 && body != null) {
      return body;
    }
    throw new Failure(
        switch (status) {
          case 404 -> Failure.NOTHING_FOUND;
          case 400, 409 -> Failure.USAGE;
          case 401, 403 -> Failure.REFUSED;
          case 503 -> Failure.NO_SERVER;
          default -> Failure.FAILED;
        },
        words(status, problem));
  }

  private static String words(int status, @Nullable InputStream body) throws IOException {
    String plain =
        status == 401
            ? "the server wants a token that it knows: name a file with yours with --token-file"
            : "the server answers with status " + status;
    try (body) {
      JsonNode problem = body == null ? null : Json.MAPPER.readTree(body);
      return problem == null || !problem.has("error") ? plain : problem.get("error").asText();
    } catch (JsonProcessingException notOurs) {
      return plain;
    }
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

  static <T> List<T> list(InputStream answer, Class<T> type) throws IOException {
    JavaType list = Json.MAPPER.getTypeFactory().constructCollectionType(List.class, type);
    return Json.MAPPER.readValue(answer, list);
  }

  <T> T one(String path, Class<T> type) throws IOException {
    try (InputStream answer = get(path)) {
      return Json.MAPPER.readValue(answer, type);
    }
  }

  <T> T one(String path, Object body, Class<T> type) throws IOException {
    try (InputStream answer = post(path, body)) {
      return Json.MAPPER.readValue(answer, type);
    }
  }

  static String segment(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
