package dev.nixtape.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a server answers at its UNIX socket, where it knows who asks: HTTP/1.1, a connection for
/// each request, whose end is the answer's unless that says how long it is.
record PeerAnswer(int status, InputStream body) {
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 ([0-9]{3}) .*");
  private static final String LENGTH = "content-length:";

  /// @param body of a POST; null for a GET
  static PeerAnswer of(Path socket, String path, String accept, byte @Nullable [] body)
      throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      OutputStream out = Channels.newOutputStream(channel);
      String head =
          "%s %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n"
              .formatted(body == null ? "GET" : "POST", path, accept);
      out.write(
          (body == null ? head : head + "Content-Length: " + body.length + "\r\n")
              .concat("\r\n")
              .getBytes(ISO_8859_1));
      if (body != null) {
        out.write(body);
      }
      return read(new BufferedInputStream(Channels.newInputStream(channel)));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static PeerAnswer read(InputStream in) throws IOException {
    Matcher status = STATUS.matcher(line(in));
    if (!status.matches()) {
      throw new IOException("what answers there is not nixtape");
    }
    int length = -1;
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      if (line.toLowerCase(Locale.ROOT).startsWith(LENGTH)) {
        length = Integer.parseInt(line.substring(LENGTH.length()).strip());
      }
    }
    return new PeerAnswer(Integer.parseInt(status.group(1)), length < 0 ? in : whole(in, length));
  }

  private static InputStream whole(InputStream in, int length) throws IOException {
    try (in) {
      byte[] body = in.readNBytes(length);
      if (body.length < length) {
        throw new EOFException("the answer breaks off");
      }
      return new ByteArrayInputStream(body);
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new EOFException("the connection was closed");
      }
      line.append((char) next);
    }
    return line.toString().stripTrailing();
  }
}
