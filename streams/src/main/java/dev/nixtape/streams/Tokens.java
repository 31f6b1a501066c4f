package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whose token is which. The file is read at every request: who is taken out of it is out.
final class Tokens extends Authenticator {
  private static final Logger LOG = LoggerFactory.getLogger(Tokens.class);
  private static final String BEARER = "Bearer ";
  private static final String REALM = "nixtape";

  private final Path file;

  /// @param sha256 hexadecimal, small letters
  private record Holder(String principal, String sha256) {}

  private Tokens(Path file) {
    this.file = file;
  }

  /// @throws IOException which says what is wrong with the file
  static Tokens in(Path file) throws IOException {
    Tokens tokens = new Tokens(file);
    tokens.holders();
    return tokens;
  }

  private List<Holder> holders() throws IOException {
    PrivateFile.requireOwn(file);
    List<Holder> holders = new ArrayList<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        holders.add(holder(line, i + 1));
      }
    }
    return holders;
  }

  private Holder holder(String line, int number) throws IOException {
    if (!line.matches("\\S+\\s+[0-9a-fA-F]{64}")) {
      throw new IOException(
          "%s, line %d: a principal and the SHA-256 of its token, 64 hexadecimal digits"
              .formatted(file, number));
    }
    String[] words = line.split("\\s+", 2);
    return new Holder(words[0], words[1].toLowerCase(Locale.ROOT));
  }

  /// Who has a token. All are compared, each in constant time: how long it takes tells nothing.
  Optional<String> holder(String token) throws IOException {
    byte[] sha256 = sha256(token).getBytes(US_ASCII);
    Optional<String> found = Optional.empty();
    for (Holder holder : holders()) {
      if (MessageDigest.isEqual(holder.sha256.getBytes(US_ASCII), sha256)) {
        found = Optional.of(holder.principal);
      }
    }
    return found;
  }

  private static String sha256(String token) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-256", e);
    }
  }

  @Override
  public Result authenticate(HttpExchange exchange) {
    String header = exchange.getRequestHeaders().getFirst("Authorization");
    if (header != null && header.startsWith(BEARER)) {
      try {
        Optional<String> holder = holder(header.substring(BEARER.length()).strip());
        if (holder.isPresent()) {
          return new Success(new HttpPrincipal(holder.get(), REALM));
        }
      } catch (IOException e) {
        LOG.error("nobody is let in: {}", e.getMessage());
      }
    }
    exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer realm=\"" + REALM + "\"");
    return new Failure(401);
  }
}
