package dev.nixtape.streams;

import com.sun.net.httpserver.HttpPrincipal;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The same answers at a UNIX socket that every user of the machine may use: the kernel says who
/// asks. One request a connection, one virtual thread each; the JDK's HTTP server cannot listen
/// there.
final class PeerServer implements AutoCloseable {
  /// Connections of one user at a time, root and this process' own user apart.
  static final int MAX_OF_A_USER = 16;

  /// Connections of all together, from then on the same two apart: a user may have thousands of
  /// uids.
  private static final int MAX_OF_ALL = 256;

  /// In which a request must have arrived.
  static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Duration ACCEPT_PAUSE = Duration.ofSeconds(1);

  private static final String ROOT = "root";
  private static final String REALM = "peer";

  private static final Logger LOG = LoggerFactory.getLogger(PeerServer.class);

  private final Path socket;
  private final Object file;
  private final ServerSocketChannel server;
  private final Duration patience;
  private final Map<String, Integer> connections = new ConcurrentHashMap<>();

  private PeerServer(Path socket, ServerSocketChannel server, Duration patience)
      throws IOException {
    this.socket = socket;
    this.server = server;
    this.patience = patience;
    this.file = Files.readAttributes(socket, BasicFileAttributes.class).fileKey();
  }

  /// Takes the path; requests are answered after `serve`.
  ///
  /// @param patience in which a request must have arrived
  static PeerServer bind(Path socket, Duration patience) throws IOException {
    makeRoom(socket);
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(socket));
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
      return new PeerServer(socket, server, patience);
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private static void makeRoom(Path socket) throws IOException {
    Path folder = socket.toAbsolutePath().getParent();
    if (folder != null && !Files.exists(folder)) {
      Files.createDirectories(folder);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .isOther()) {
      throw new IOException(socket + " is there and is no socket");
    }
    try (SocketChannel _ = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      throw new IOException("another program listens on " + socket);
    } catch (ConnectException nobodyListens) {
      Files.delete(socket);
    }
  }

  void serve(QueryServer.Handler handler) {
    Thread.ofVirtual().name("peers").start(() -> accept(handler));
  }

  private void accept(QueryServer.Handler handler) {
    while (server.isOpen()) {
      try {
        SocketChannel connection = server.accept();
        Thread.ofVirtual().name("peer").start(() -> answer(connection, handler));
      } catch (ClosedChannelException closed) {
        return;
      } catch (IOException e) {
        LOG.error("nobody can be accepted at {}: {}", socket, e.getMessage());
        try {
          Thread.sleep(ACCEPT_PAUSE);
        } catch (InterruptedException interrupted) {
          return;
        }
      }
    }
  }

  private void answer(SocketChannel connection, QueryServer.Handler handler) {
    try (connection) {
      String user = connection.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName();
      int theirs = connections.merge(user, 1, Integer::sum);
      try {
        if (isWelcome(user, theirs)) {
          Optional<PeerExchange> exchange = receive(connection, user);
          if (exchange.isPresent()) {
            handler.handle(exchange.get());
          }
        }
      } finally {
        connections.computeIfPresent(user, (_, n) -> n == 1 ? null : n - 1);
      }
    } catch (IOException e) {
      LOG.debug("a connection at {} broke: {}", socket, e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("a request at {} failed", socket, e);
    }
  }

  private Optional<PeerExchange> receive(SocketChannel connection, String user) throws IOException {
    Thread impatient =
        Thread.ofVirtual()
            .start(() -> {
              try {
                Thread.sleep(patience);
                connection.close();
              } catch (InterruptedException arrived) {
                // As it should.
              } catch (IOException e) {
                LOG.debug("a connection that says nothing cannot be closed", e);
              }
            });
    try {
      return PeerExchange.receive(connection, new HttpPrincipal(user, REALM));
    } finally {
      impatient.interrupt();
    }
  }

  /// Whoever keeps builds from being stopped must not do so by being many.
  private boolean isWelcome(String user, int theirs) {
    return user.equals(ROOT)
        || user.equals(System.getProperty("user.name"))
        || (theirs <= MAX_OF_A_USER
            && connections.values().stream().mapToInt(Integer::intValue).sum() <= MAX_OF_ALL);
  }

  Path socket() {
    return socket;
  }

  @Override
  public void close() {
    try {
      server.close();
      // Another one may have taken its place.
      if (Files.exists(socket, LinkOption.NOFOLLOW_LINKS)
          && file.equals(Files.readAttributes(socket, BasicFileAttributes.class).fileKey())) {
        Files.delete(socket);
      }
    } catch (IOException e) {
      LOG.warn("{} stays: {}", socket, e.getMessage());
    }
  }
}
