package dev.nixtape.streams;

import dev.nixtape.projections.control.SigningKey;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/// Who may ask a query server, and how it knows them.
///
/// @param key with which it signs for those whom it knows
/// @param sockets folder of the UNIX socket, where the kernel says who asks
/// @param guard what it takes to be asked from other machines; without, it listens on loopback
///   alone, asks nobody's name and speaks for nobody there
public record Access(SigningKey key, Path sockets, Optional<Guard> guard) {

  /// TLS, and tokens: whoever asks shows one.
  ///
  /// @param keyStore PKCS #12, with the server's certificate and those that vouch for it
  /// @param password file with the key store's password
  /// @param tokens file with who has which: a line each, a principal and the SHA-256 of its token
  ///   in hexadecimal digits
  /// @param token file with the token that this instance shows to the others; without, it can ask
  ///   none
  public record Guard(Path keyStore, Path password, Path tokens, Optional<Path> token) {}

  /// The socket of a server on some port: so each of several on one machine has its own.
  static Path socket(Path sockets, int port) {
    return sockets.resolve("query-%d.sock".formatted(port));
  }

  /// Throws `IllegalArgumentException`, which says what is missing, when anybody on the network
  /// could ask.
  public static void requireSafe(String listenHost, Optional<Guard> guard) {
    InetSocketAddress address = new InetSocketAddress(listenHost, 0);
    if (guard.isEmpty() && (address.isUnresolved() || !address.getAddress().isLoopbackAddress())) {
      throw new IllegalArgumentException(
          "--listen %s: other machines reach that, so it takes --tls-key-store, --tls-password-file and --tokens as well (docs/security.md); without them 127.0.0.1 is the address"
              .formatted(listenHost));
    }
  }
}
