package dev.nixtape.streams;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Somebody at a UNIX socket. A program too, so that it can be another user.
final class PeerClient {
  private PeerClient() {}

  /// Sends bytes, and reads until the other end closes.
  static String say(Path socket, String bytes) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      ByteBuffer out = ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1));
      while (out.hasRemaining()) {
        channel.write(out);
      }
      return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String post(Path socket, String path, String body) {
    return say(
        socket,
        "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(path, body.length(), body));
  }

  static String get(Path socket, String path) {
    return say(socket, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n".formatted(path));
  }

  public static void main(String[] args) {
    System.out.print(post(Path.of(args[0]), args[1], args[2]));
  }
}
