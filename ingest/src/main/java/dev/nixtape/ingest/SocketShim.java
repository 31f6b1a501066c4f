package dev.nixtape.ingest;

import dev.nixtape.ingest.spool.Niceness;
import dev.nixtape.ingest.spool.Spool;
import dev.nixtape.ingest.spool.SpoolSession;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import io.micrometer.core.instrument.MeterRegistry;
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
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSelectorProvider;
import org.newsclub.net.unix.AFUNIXServerSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketCredentials;

/// Listens on a Unix socket for Nix's `json-log-path` and records every connection as a session of
/// its own.
///
/// One thread reads all connections into the spool and never waits for anything else: a Nix process
/// blocks on its socket when it is not read. Under a service manager that keeps sockets, the
/// connections outlive this process, and the next one reads on where this one stopped.
///
/// The socket is open to every user of the host, so each may have only so many connections.
public final class SocketShim implements AutoCloseable {
  /// Connections of one user other than root and this process' own.
  static final int MAX_OF_A_USER = 1024;

  /// What is kept by the service manager is named so; a session's socket with its id behind that.
  private static final String KEPT_SESSION = "nixtape-session-";

  private static final String KEPT_SOCKET = "nixtape-socket";

  /// Connections that wait to be accepted; Linux cuts it to net.core.somaxconn.
  private static final int BACKLOG = 4096;

  private static final int ACCEPTS_A_ROUND = 64;

  /// How often connections with more to read are read before the others are asked: with thousands
  /// of open ones, asking costs milliseconds.
  private static final int READS_BETWEEN_SELECTS = 16;

  /// The longest sleep. Shims in one process share junixsocket's wake-up pipe, so that a wake-up
  /// may reach the wrong one.
  private static final long SELECT_MS = 500;

  /// Whoever says much is read again after so long, not at every line: each write to a reader that
  /// sleeps costs Nix a wake-up. The kernel holds about 280 lines of Nix's for a reader.
  private static final long NAP_NANOS = 200_000;

  /// More than that is no Nix that writes line by line: it is read as fast as it comes.
  private static final int BULK_BYTES = 32 * 1024;

  private static final Duration ACCEPT_PAUSE = Duration.ofSeconds(1);
  private static final Duration FOUND_FILES_FIRST = Duration.ofSeconds(1);
  private static final Duration LAST_READS = Duration.ofMillis(600);

  private final Path path;
  private final Recorder recorder;
  private final Host host;
  private final ServiceManager manager;
  private final Consumer<String> say;
  private final BuildObserver observer;
  private final AFUNIXServerSocketChannel server;
  private final Selector selector;
  private final SelectionKey accepting;
  private final @Nullable Object socketFile;
  private final boolean passed;
  private final Instant startedAt;
  private final long ownUid;
  private final byte[] read = new byte[Spool.READ_BYTES];
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final Map<Long, Integer> ofUsers = new HashMap<>();
  private final Map<Long, Stranger> refused = new ConcurrentHashMap<>();
  private final Traffic traffic = new Traffic();
  private final CountDownLatch foundFilesRead = new CountDownLatch(1);
  private final Thread foundFiles;
  private final Thread thread;
  private volatile boolean stopping;

  /// Somebody wrote more than single lines since the last look at who has something to say.
  private boolean bulk;

  /// When to accept again after there were no descriptors left (`System.nanoTime`); null while
  /// accepting.
  private @Nullable Long acceptAgain;

  private boolean toldOfDescriptors;

  private SocketShim(
      Path path,
      AFUNIXServerSocketChannel server,
      boolean passed,
      Recorder recorder,
      ServiceManager manager,
      Consumer<String> say)
      throws IOException {
    this.path = path;
    this.server = server;
    this.passed = passed;
    this.recorder = recorder;
    this.host = recorder.host();
    this.manager = manager;
    this.say = say;
    this.startedAt = host.now();
    this.ownUid = Objects.requireNonNullElse(host.ownUser().uid(), 0L);
    this.server.setDeleteOnClose(false);
    this.socketFile = fileKey(path);
    this.server.configureBlocking(false);
    this.selector = AFUNIXSelectorProvider.provider().openSelector();
    this.accepting = server.register(selector, SelectionKey.OP_ACCEPT);
    this.observer = new BuildObserver(host);
    this.foundFiles =
        Thread.ofPlatform().daemon().name("nixtape-found-files").unstarted(this::recordFoundFiles);
    this.thread = Thread.ofPlatform().name("nixtape-socket").unstarted(this::serve);
  }

  /// Listens at a path until closed, or at the socket that the service manager passed. The path's
  /// folder is made when it is missing.
  ///
  /// @param say where to say in a sentence what the person who runs the host should know
  public static SocketShim listen(
      Path path, Recorder recorder, ServiceManager manager, Consumer<String> say)
      throws IOException {
    SocketPath place = new SocketPath(path.toAbsolutePath().normalize());
    Optional<ServiceManager.Passed> socket =
        manager.passed().stream().filter(each -> !each.name().startsWith(KEPT_SESSION)).findFirst();
    SocketShim shim;
    try {
      shim =
          socket.isPresent()
              ? new SocketShim(
                  place.path(),
                  socket.get().as(AFUNIXServerSocketChannel.class),
                  true,
                  recorder,
                  manager,
                  say)
              : bound(place, recorder, manager, say);
      shim.begin();
    } catch (IOException e) {
      throw new IOException("cannot listen on %s: %s".formatted(place.path(), e.getMessage()), e);
    }
    return shim;
  }

  private static SocketShim bound(
      SocketPath place, Recorder recorder, ServiceManager manager, Consumer<String> say)
      throws IOException {
    place.makeRoom(recorder.host());
    AFUNIXServerSocketChannel server = AFUNIXServerSocketChannel.open();
    server.bind(AFUNIXSocketAddress.of(place.path()), BACKLOG);
    Files.setPosixFilePermissions(place.path(), PosixFilePermissions.fromString("rw-rw-rw-"));
    manager.keep(KEPT_SOCKET, server.getFileDescriptor());
    return new SocketShim(place.path(), server, false, recorder, manager, say);
  }

  private void begin() throws IOException {
    Set<String> heard = new HashSet<>();
    Map<String, SpoolSession> left = recorder.byId();
    for (ServiceManager.Passed socket : manager.passed()) {
      if (socket.name().startsWith(KEPT_SESSION)) {
        goOn(socket, left).ifPresent(session -> heard.add(session.id()));
      }
    }
    for (FoundFile found : FoundFile.beside(path, host)) {
      heard.add(found.session().id());
    }
    recorder.begin(heard, path.toString());
    foundFiles.start();
    thread.start();
  }

  /// Reads on from a connection of a former life. Empty when that had ended it, and was killed
  /// before it could have it forgotten.
  private Optional<SessionId> goOn(ServiceManager.Passed socket, Map<String, SpoolSession> left)
      throws IOException {
    AFUNIXSocketChannel channel = socket.as(AFUNIXSocketChannel.class);
    SessionId id = new SessionId(host.name(), socket.name().substring(KEPT_SESSION.length()));
    SpoolSession session = left.get(id.id());
    if (session != null && session.isOver()) {
      channel.close();
      forget(id);
      return Optional.empty();
    }
    Recording recording;
    if (session == null) {
      recording =
          recorder
              .record(id, source(channel), this::watch)
              .orElseThrow(() -> new IOException("more sockets were kept than can be read"));
    } else {
      Source known = session.source();
      Source source = known == null ? source(channel) : known;
      session.isOf(source);
      recording = new Recording(session, host, source, this::watch);
    }
    add(channel, recording);
    return Optional.of(recording.session());
  }

  public Path path() {
    return path;
  }

  /// Takes what was sent so far, closes every session as unheard from here on, and removes the
  /// socket; a service manager that keeps sockets has both for the next process instead. Within 2
  /// s.
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

  private void recordFoundFiles() {
    try {
      for (FoundFile found : FoundFile.beside(path, host)) {
        say.accept("recording what Nix wrote while nobody listened: " + found.file());
        found.record(recorder, foundFilesRead::countDown);
      }
    } catch (IOException e) {
      say.accept(
          "a file beside %s could not be recorded and stays: %s".formatted(path, e.getMessage()));
    } catch (InterruptedException _) {
      // the next start goes on with it
    } finally {
      foundFilesRead.countDown();
    }
  }

  private void serve() {
    try {
      Niceness.besideBuilds();
      awaitFoundFiles();
      Deque<Connection> busy = new ArrayDeque<>();
      boolean quiet = true;
      while (!stopping) {
        if (busy.isEmpty() && !quiet && !bulk) {
          LockSupport.parkNanos(NAP_NANOS);
        }
        select(busy, quiet ? SELECT_MS : 0);
        quiet = busy.isEmpty();
        bulk = false;
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
      AFUNIXSocketCredentials peer = channel.getPeerCredentials();
      if (isStranger(peer.getUid()) && ofUsers.getOrDefault(peer.getUid(), 0) >= MAX_OF_A_USER) {
        refuse(channel, peer, "more than %,d connections at once".formatted(MAX_OF_A_USER));
        return;
      }
      // Before anything else: until it is kept, a connection dies with this process, and what was
      // written to it with both.
      SessionId id = host.newSession();
      manager.keep(KEPT_SESSION + id.id(), channel.getFileDescriptor());
      Optional<Recording> recording = recorder.record(id, source(channel), this::watch);
      if (recording.isEmpty()) {
        forget(id);
        refuse(
            channel, peer, "beyond the %,d sessions of a shim".formatted(Recorder.SHIM_SESSIONS));
        return;
      }
      add(channel, recording.get());
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private Source source(AFUNIXSocketChannel channel) throws IOException {
    AFUNIXSocketCredentials credentials = channel.getPeerCredentials();
    Source.Process peer = host.process(credentials.getPid(), credentials.getUid());
    return new Source(
        Source.Kind.SOCKET,
        host.boot(),
        path.toString(),
        true,
        peer,
        host.clientOf(peer).orElse(null));
  }

  private Onlooker watch(Recording recording) {
    return new BuildWatch(recording, observer);
  }

  private void add(AFUNIXSocketChannel channel, Recording recording) throws IOException {
    channel.configureBlocking(false);
    SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
    Connection connection = new Connection(channel, key, recording);
    key.attach(connection);
    connections.add(connection);
    ofUsers.merge(connection.uid(), 1, Integer::sum);
  }

  private boolean isStranger(long uid) {
    return uid != 0 && uid != ownUid;
  }

  private void refuse(AFUNIXSocketChannel channel, AFUNIXSocketCredentials peer, String why)
      throws IOException {
    channel.close();
    traffic.refused();
    long uid = peer.getUid();
    // Who it is is looked up once: there may be thousands of them.
    String user = refused.containsKey(uid) ? null : host.process(peer.getPid(), uid).user();
    Stranger one = new Stranger(uid, user, null, why, host.now(), 1);
    Stranger all = refused.merge(uid, one, Stranger::and);
    if (all.count() == 1) {
      say.accept("connections of user %d are refused: %s".formatted(uid, why));
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
      ByteBuffer landing = connection.recording.landing();
      int at = landing.position();
      int count = connection.channel.read(landing);
      if (count > 0) {
        landing.get(at, read, 0, count);
        connection.selected = false;
        int lines = connection.recording.landed(landing, count, read);
        connection.heard(host.now(), lines > 0);
        bulk |= count > BULK_BYTES;
        traffic.read(count, lines);
        return true;
      }
      connection.recording.landed(landing, 0, read);
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
    ofUsers.merge(connection.uid(), -1, (open, one) -> open + one <= 0 ? null : open + one);
    connection.recording.end(ending, () -> forget(connection.recording.session()));
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

  private void forget(SessionId session) {
    try {
      manager.forget(KEPT_SESSION + session.id());
    } catch (IOException e) {
      say.accept("the service manager keeps a socket too long: " + e.getMessage());
    }
  }

  private void takeLeave() throws IOException {
    if (manager.keeps()) {
      // What is not read yet waits in the sockets for the next process.
      return;
    }
    long deadline = System.nanoTime() + LAST_READS.toNanos();
    Deque<Connection> busy = new ArrayDeque<>();
    select(busy, 0);
    accept(BACKLOG);
    accepting.interestOps(0);
    // then the name: whoever comes later finds no socket, and Nix writes a file there, which the
    // next shim publishes
    if (!passed && socketFile != null && socketFile.equals(fileKey(path))) {
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

  /// Whatever happened, nobody may be left writing to a socket that nobody reads. What a service
  /// manager keeps must not be closed here: junixsocket shuts a socket down for all who have it.
  private void closeAll() {
    try {
      if (manager.keeps()) {
        return;
      }
      for (Connection connection : connections) {
        connection.channel.close();
      }
      if (!passed) {
        server.close();
      }
      selector.close();
    } catch (IOException e) {
      say.accept("closing %s: %s".formatted(path, e.getMessage()));
    }
  }

  /// How this shim is.
  public ShimStatus status() {
    return ShimStatus.of(
        host, path.toString(), startedAt, recorder.bootstrapServers(), recorder, this);
  }

  /// Has what is measured of it collected in a registry.
  public void measuredIn(MeterRegistry registry) {
    ShimMeters.bind(registry, this, recorder);
  }

  /// Open connections.
  int open() {
    return connections.size();
  }

  Traffic traffic() {
    return traffic;
  }

  /// Who behaves as no Nix does.
  List<Stranger> strangers() {
    List<Stranger> strangers = new ArrayList<>(refused.values());
    Instant now = host.now();
    for (Connection connection : connections) {
      connection.strange(now).ifPresent(strangers::add);
    }
    return strangers;
  }

  private static @Nullable Object fileKey(Path path) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (IOException _) {
      return null;
    }
  }
}
