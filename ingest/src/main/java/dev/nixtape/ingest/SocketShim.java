package dev.nixtape.ingest;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSelectorProvider;
import org.newsclub.net.unix.AFUNIXServerSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketCredentials;

/// Listens on a Unix socket for Nix's `json-log-path` and publishes every connection as a session
/// of its own.
///
/// One thread reads all connections and never waits for anything else: a Nix process blocks on its
/// socket when it is not read.
public final class SocketShim implements AutoCloseable {
  /// Bytes of one read at most; a Unix socket holds no more than about 200 KB at Linux's default
  /// settings.
  private static final int READ_BYTES = 256 * 1024;

  /// Connections that wait to be accepted; Linux cuts it to net.core.somaxconn.
  private static final int BACKLOG = 4096;

  private static final int ACCEPTS_A_ROUND = 64;

  /// How often connections with more to read are read before the others are asked: with thousands
  /// of open ones, asking costs milliseconds.
  private static final int READS_BETWEEN_SELECTS = 16;

  /// The longest sleep. Shims in one process share junixsocket's wake-up pipe, so that a wake-up
  /// may reach the wrong one.
  private static final long SELECT_MS = 500;

  private static final Duration ACCEPT_PAUSE = Duration.ofSeconds(1);
  private static final Duration FOUND_FILES_FIRST = Duration.ofSeconds(1);
  private static final Duration LAST_READS = Duration.ofMillis(600);

  private final Path path;
  private final LogWriter log;
  private final Host host;
  private final Consumer<String> say;
  private final BuildObserver observer;
  private final AFUNIXServerSocketChannel server;
  private final Selector selector;
  private final SelectionKey accepting;
  private final @Nullable Object socketFile;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
  private final Set<Connection> connections = new LinkedHashSet<>();
  private final CountDownLatch foundFilesRead = new CountDownLatch(1);
  private final Thread foundFiles;
  private final Thread thread;
  private volatile boolean stopping;

  /// When to accept again after there were no descriptors left (`System.nanoTime`); null while
  /// accepting.
  private @Nullable Long acceptAgain;

  private boolean toldOfDescriptors;

  private SocketShim(Path path, LogWriter log, Host host, Consumer<String> say) throws IOException {
    this.path = path;
    this.log = log;
    this.host = host;
    this.say = say;
    this.server = AFUNIXServerSocketChannel.open();
    this.server.setDeleteOnClose(false);
    this.server.bind(AFUNIXSocketAddress.of(path), BACKLOG);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw-rw-"));
    this.socketFile = fileKey(path);
    this.server.configureBlocking(false);
    this.selector = AFUNIXSelectorProvider.provider().openSelector();
    this.accepting = server.register(selector, SelectionKey.OP_ACCEPT);
    this.observer = new BuildObserver(host);
    log.write(
        new LogEntry.Listening(host.newSession(), host.now(), host.boot(), path.toString()),
        Patience.NONE);
    this.foundFiles =
        Thread.ofPlatform().daemon().name("nixtape-found-files").unstarted(this::publishFoundFiles);
    this.thread = Thread.ofPlatform().name("nixtape-socket").unstarted(this::serve);
  }

  /// Listens at a path until closed. Its folder is made when it is missing.
  ///
  /// @param say where to say in a sentence what the person who runs the host should know
  public static SocketShim listen(Path path, LogWriter log, Host host, Consumer<String> say)
      throws IOException {
    SocketPath place = new SocketPath(path.toAbsolutePath().normalize());
    place.makeRoom(host);
    SocketShim shim;
    try {
      shim = new SocketShim(place.path(), log, host, say);
    } catch (IOException e) {
      throw new IOException("cannot listen on %s: %s".formatted(place.path(), e.getMessage()), e);
    }
    shim.foundFiles.start();
    shim.thread.start();
    return shim;
  }

  public Path path() {
    return path;
  }

  /// Takes what was sent so far, closes every session in the log as unheard from here on, and
  /// removes the socket. Within 2 s.
  @Override
  public void close() {
    stopping = true;
    foundFiles.interrupt();
    selector.wakeup();
    boolean interrupted = false;
    try {
      thread.join(LAST_READS.plusMillis(SELECT_MS));
      foundFiles.join(Duration.ofMillis(100));
    } catch (InterruptedException _) {
      interrupted = true;
    }
    observer.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void publishFoundFiles() {
    try {
      for (FoundFile found : FoundFile.beside(path, host)) {
        say.accept("publishing what Nix wrote while nobody listened: " + found.file());
        found.publish(log, host, foundFilesRead::countDown);
      }
    } catch (IOException e) {
      say.accept(
          "a file beside %s could not be published and stays: %s".formatted(path, e.getMessage()));
    } catch (InterruptedException _) {
      // the next start publishes it again
    } finally {
      foundFilesRead.countDown();
    }
  }

  private void serve() {
    try {
      awaitFoundFiles();
      Deque<Connection> busy = new ArrayDeque<>();
      while (!stopping) {
        select(busy, busy.isEmpty() ? SELECT_MS : 0);
        for (int i = 0; i < READS_BETWEEN_SELECTS && !busy.isEmpty(); i++) {
          readEach(busy);
        }
      }
      takeLeave();
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      say.accept("the socket %s is not read any more: %s".formatted(path, e));
    } finally {
      closeAll();
    }
  }

  /// What Nix wrote earlier should stand earlier in the log; but nobody waits long for that.
  private void awaitFoundFiles() {
    try {
      foundFilesRead.await(FOUND_FILES_FIRST.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Accepts who waits, and adds to `busy` who has something to read.
  private void select(Deque<Connection> busy, long atMostMs) throws IOException {
    try {
      if (atMostMs == 0) {
        selector.selectNow();
      } else {
        selector.select(atMostMs);
      }
    } catch (SocketException e) {
      if (isInterruption(e)) {
        return;
      }
      throw e;
    }
    if (acceptAgain != null && acceptAgain - System.nanoTime() <= 0) {
      resumeAccepting();
    }
    boolean waiting = false;
    for (SelectionKey key : selector.selectedKeys()) {
      if (key.equals(accepting)) {
        waiting = true;
      } else if (key.attachment() instanceof Connection connection) {
        connection.selected = true;
        // junixsocket reports a connection whose peer has gone just once, as a key that is not
        // valid
        connection.hungUp |= !key.isValid();
        if (!connection.busy) {
          connection.busy = true;
          busy.add(connection);
        }
      }
    }
    if (waiting) {
      accept(ACCEPTS_A_ROUND);
    }
  }

  private void accept(int atMost) {
    try {
      for (int i = 0; i < atMost; i++) {
        AFUNIXSocketChannel channel = server.accept();
        if (channel == null) {
          return;
        }
        toldOfDescriptors = false;
        open(channel);
      }
    } catch (IOException e) {
      if (isInterruption(e)) {
        return;
      }
      acceptAgain = System.nanoTime() + ACCEPT_PAUSE.toNanos();
      accepting.interestOps(0);
      if (!toldOfDescriptors) {
        toldOfDescriptors = true;
        say.accept(
            "%s cannot accept another connection beside %,d open ones (%s): raise the limit of open files (ulimit -n, LimitNOFILE=)"
                .formatted(path, connections.size(), e.getMessage()));
      }
    }
  }

  private void resumeAccepting() {
    acceptAgain = null;
    accepting.interestOps(SelectionKey.OP_ACCEPT);
  }

  private void open(AFUNIXSocketChannel channel) throws IOException {
    try {
      AFUNIXSocketCredentials credentials = channel.getPeerCredentials();
      Source.Process peer = host.process(credentials.getPid(), credentials.getUid());
      Source source =
          new Source(
              Source.Kind.SOCKET,
              host.boot(),
              path.toString(),
              true,
              peer,
              host.clientOf(peer).orElse(null));
      channel.configureBlocking(false);
      SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
      Recording recording =
          Recording.open(
              log,
              host,
              host.newSession(),
              source,
              Patience.BRIEF,
              session -> new BuildWatch(session, observer));
      Connection connection = new Connection(channel, key, recording);
      key.attach(connection);
      connections.add(connection);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void readEach(Deque<Connection> busy) {
    for (int left = busy.size(); left > 0; left--) {
      Connection connection = busy.removeFirst();
      if (read(connection)) {
        busy.addLast(connection);
      } else {
        connection.busy = false;
      }
    }
  }

  /// Reads once; false when there is nothing more to read now.
  private boolean read(Connection connection) {
    try {
      int count = connection.channel.read(buffer.clear());
      if (count > 0) {
        connection.selected = false;
        connection.recording.take(buffer.flip());
        return true;
      }
      // junixsocket before 2.11 says 0 at the end too: then a connection was selected and has
      // nothing
      if (count < 0 || connection.selected || connection.hungUp) {
        end(connection, LogEntry.Ending.end());
      }
    } catch (IOException e) {
      if (isInterruption(e)) {
        return true;
      }
      String message = e.getMessage();
      end(connection, LogEntry.Ending.error(message == null ? e.toString() : message));
    }
    return false;
  }

  /// A signal to this process (a profiler's, say) makes junixsocket throw what other selectors pass
  /// over.
  private static boolean isInterruption(IOException e) {
    return "Interrupted system call".equals(e.getMessage());
  }

  private void end(Connection connection, LogEntry.Ending ending) {
    connections.remove(connection);
    connection.recording.end(ending);
    try {
      connection.key.cancel();
      connection.channel.close();
    } catch (IOException e) {
      say.accept("closing a connection of %s: %s".formatted(path, e.getMessage()));
    }
    if (acceptAgain != null) {
      resumeAccepting();
    }
  }

  private void takeLeave() throws IOException {
    long deadline = System.nanoTime() + LAST_READS.toNanos();
    Deque<Connection> busy = new ArrayDeque<>();
    select(busy, 0);
    accept(BACKLOG);
    accepting.interestOps(0);
    // then the name: whoever comes later finds no socket, and Nix writes a file there, which the
    // next shim publishes
    if (socketFile != null && socketFile.equals(fileKey(path))) {
      Files.delete(path);
    }
    select(busy, 0);
    for (Connection connection : connections) {
      if (!connection.busy) {
        connection.busy = true;
        busy.add(connection);
      }
    }
    while (!busy.isEmpty() && System.nanoTime() < deadline) {
      readEach(busy);
    }
    for (Connection connection : List.copyOf(connections)) {
      end(connection, LogEntry.Ending.unheard("the shim was stopped"));
    }
  }

  /// Whatever happened, nobody may be left writing to a socket that nobody reads.
  private void closeAll() {
    try {
      for (Connection connection : connections) {
        connection.channel.close();
      }
      server.close();
      selector.close();
    } catch (IOException e) {
      say.accept("closing %s: %s".formatted(path, e.getMessage()));
    }
  }

  private static @Nullable Object fileKey(Path path) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (IOException _) {
      return null;
    }
  }

  /// One open connection, on the shim's thread.
  private static final class Connection {
    private final AFUNIXSocketChannel channel;
    private final SelectionKey key;
    private final Recording recording;

    /// Among those that are read now.
    private boolean busy;

    /// The selector reported it, and it was not read since.
    private boolean selected;

    /// The peer is gone: the selector does not report it again.
    private boolean hungUp;

    Connection(AFUNIXSocketChannel channel, SelectionKey key, Recording recording) {
      this.channel = channel;
      this.key = key;
      this.recording = recording;
    }
  }
}
