package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A request on a connection of its own, and its answer: of HTTP/1.1 what a client needs who wants
/// to be understood. The connection's end is the answer's. Whatever could be read in two ways is
/// refused.
final class PeerExchange extends HttpExchange {
  static final int MAX_HEAD = 16 * 1024;
  static final int MAX_BODY = Questions.MAX_BODY;

  private static final Pattern REQUEST = Pattern.compile("([A-Z]{1,16}) (/(?!/)[!-~]*) HTTP/1\\.1");
  private static final Pattern FIELD =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\u0080-\u00ff]*?)[ \t]*");
  private static final Pattern LENGTH = Pattern.compile("[0-9]{1,9}");

  private final HttpPrincipal peer;
  private final String method;
  private final URI uri;
  private final Headers asked;
  private final Headers answered = new Headers();
  private final InputStream body;
  private final OutputStream out;
  private int status = -1;

  private PeerExchange(
      HttpPrincipal peer, String method, URI uri, Headers asked, byte[] body, OutputStream out) {
    this.peer = peer;
    this.method = method;
    this.uri = uri;
    this.asked = asked;
    this.body = new ByteArrayInputStream(body);
    this.out = out;
  }

  /// A request that cannot be understood, and the status that says so.
  private static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;
    private final int status;

    Malformed(int status, String why) {
      super(why);
      this.status = status;
    }
  }

  /// Reads a request. Nothing when there is none, or one that is malformed, which is answered here.
  static Optional<PeerExchange> receive(SocketChannel connection, HttpPrincipal peer)
      throws IOException {
    InputStream in = new BufferedInputStream(Channels.newInputStream(connection));
    OutputStream out = Channels.newOutputStream(connection);
    try {
      List<String> head = head(in);
      if (head.isEmpty()) {
        return Optional.empty();
      }
      Matcher request = REQUEST.matcher(head.getFirst());
      if (!request.matches()) {
        throw new Malformed(400, "no request of HTTP/1.1");
      }
      Headers fields = new Headers();
      for (String line : head.subList(1, head.size())) {
        Matcher field = FIELD.matcher(line);
        if (!field.matches()) {
          throw new Malformed(400, "a malformed header");
        }
        fields.add(field.group(1), field.group(2));
      }
      return Optional.of(
          new PeerExchange(
              peer, request.group(1), uri(request.group(2)), fields, body(in, fields), out));
    } catch (Malformed e) {
      String error = "{\"error\":\"%s\"}".formatted(e.getMessage());
      out.write(
          "HTTP/1.1 %d Refused\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
              .formatted(e.status, error.length(), error)
              .getBytes(ISO_8859_1));
      return Optional.empty();
    }
  }

  /// The lines before the empty one; none when who connected says nothing.
  private static List<String> head(InputStream in) throws IOException, Malformed {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (int read = 0; read < MAX_HEAD; read++) {
      int next = in.read();
      if (next < 0) {
        if (read == 0) {
          return List.of();
        }
        throw new Malformed(400, "the request breaks off");
      }
      line.append((char) next);
      int end = line.length() - 2;
      if (next == '\n' && end >= 0 && line.charAt(end) == '\r') {
        if (end == 0 && !lines.isEmpty()) {
          return lines;
        }
        lines.add(line.substring(0, end));
        line.setLength(0);
      }
    }
    throw new Malformed(431, "the request's head is too long");
  }

  private static URI uri(String text) throws Malformed {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      throw new Malformed(400, "a malformed path");
    }
  }

  private static byte[] body(InputStream in, Headers fields) throws IOException, Malformed {
    List<String> lengths = fields.getOrDefault("Content-Length", List.of());
    if (fields.containsKey("Transfer-Encoding")
        || fields.containsKey("Expect")
        || lengths.size() > 1
        || !lengths.stream().allMatch(LENGTH.asMatchPredicate())) {
      throw new Malformed(400, "a body comes whole, with one Content-Length");
    }
    int length = lengths.isEmpty() ? 0 : Integer.parseInt(lengths.getFirst());
    if (length > MAX_BODY) {
      throw new Malformed(413, "the body is too long");
    }
    byte[] body = in.readNBytes(length);
    if (body.length < length) {
      throw new Malformed(400, "the request breaks off");
    }
    return body;
  }

  @Override
  public HttpPrincipal getPrincipal() {
    return peer;
  }

  @Override
  public String getRequestMethod() {
    return method;
  }

  @Override
  public URI getRequestURI() {
    return uri;
  }

  @Override
  public String getProtocol() {
    return "HTTP/1.1";
  }

  @Override
  public Headers getRequestHeaders() {
    return asked;
  }

  @Override
  public InputStream getRequestBody() {
    return body;
  }

  @Override
  public Headers getResponseHeaders() {
    return answered;
  }

  @Override
  public int getResponseCode() {
    return status;
  }

  @Override
  public OutputStream getResponseBody() {
    return out;
  }

  @Override
  public void sendResponseHeaders(int status, long length) throws IOException {
    if (this.status >= 0) {
      throw new IOException("it was answered already");
    }
    this.status = status;
    answered.set("Connection", "close");
    if (length != 0) {
      answered.set("Content-Length", Long.toString(Math.max(0, length)));
    }
    StringBuilder head = new StringBuilder("HTTP/1.1 %d Answered\r\n".formatted(status));
    answered.forEach((name, values) ->
        values.forEach(value -> head.append(name).append(": ").append(value).append("\r\n")));
    out.write(head.append("\r\n").toString().getBytes(ISO_8859_1));
  }

  /// Who accepted the connection closes it.
  @Override
  public void close() {}

  @Override
  public HttpContext getHttpContext() {
    throw new UnsupportedOperationException();
  }

  @Override
  public InetSocketAddress getRemoteAddress() {
    throw new UnsupportedOperationException();
  }

  @Override
  public InetSocketAddress getLocalAddress() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Object getAttribute(String name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void setAttribute(String name, @Nullable Object value) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void setStreams(@Nullable InputStream in, @Nullable OutputStream out) {
    throw new UnsupportedOperationException();
  }
}
