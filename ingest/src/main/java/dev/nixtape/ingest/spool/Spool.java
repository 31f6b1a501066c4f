package dev.nixtape.ingest.spool;

import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The spool of one process: a directory with the segments of its sessions, `ID.NUMBER`, and a
/// ledger. What is read is appended here before anything else happens to it, published from here,
/// and deleted when Kafka has acknowledged it.
///
/// A shim that is killed leaves all of it behind; whoever opens the directory next goes on with it.
public final class Spool implements AutoCloseable {
  /// Bytes of one read at most.
  public static final int READ_BYTES = 128 * 1024;

  /// Files that stay open for appending.
  private static final int MAX_FILES = 256;

  private static final long FILE_RESTS_NANOS = 2_000_000_000L;

  private final Path directory;
  private final DirectoryLock lock;
  private final Ledger ledger;
  private final Room room;
  private final SpoolSettings settings;
  private final Consumer<String> say;
  private final Map<SessionId, SpoolSession> sessions = new ConcurrentHashMap<>();
  private final Set<SpoolSession> failing = ConcurrentHashMap.newKeySet();
  private final Set<SpoolSession> dirty = ConcurrentHashMap.newKeySet();
  private final AtomicInteger files = new AtomicInteger();
  private final Object deletion = new Object();
  private final LongAdder gaps = new LongAdder();
  private final LongAdder lostBytes = new LongAdder();
  private final LongAdder lostLines = new LongAdder();
  private final @Nullable Thread syncing;
  private volatile Consumer<SpoolSession> publisher = _ -> {};
  private volatile @Nullable String problem;
  private volatile boolean closed;

  private Spool(
      Path directory,
      DirectoryLock lock,
      Ledger ledger,
      SpoolSettings settings,
      Consumer<String> say) {
    this.directory = directory;
    this.lock = lock;
    this.ledger = ledger;
    this.settings = settings;
    this.say = say;
    this.room = new Room(directory, settings.limit());
    this.syncing =
        settings.fsync()
            ? Thread.ofPlatform().daemon().name("nixtape-sync").start(this::syncDirty)
            : null;
  }

  /// Opens a directory, which is made when it is missing, with what was left in it.
  ///
  /// @param host what sessions are of that have nothing but a line in the ledger
  /// @throws IOException that says what to do: another process has it, it cannot be written, or
  ///   another version of nixtape wrote it
  public static Spool open(
      Path directory, SpoolSettings settings, String host, Instant now, Consumer<String> say)
      throws IOException {
    return tryOpen(directory, settings, host, now, say)
        .orElseThrow(() ->
            new IOException(
                "the spool %s is used by %s: stop that one, or choose another with --spool"
                    .formatted(directory, DirectoryLock.holder(directory))));
  }

  /// Whether a directory is a spool's.
  public static boolean isAt(Path directory) {
    return Files.exists(directory.resolve(Ledger.FILE));
  }

  /// The same as `open`; empty when another process has it.
  public static Optional<Spool> tryOpen(
      Path directory, SpoolSettings settings, String host, Instant now, Consumer<String> say)
      throws IOException {
    Optional<DirectoryLock> lock;
    try {
      lock = DirectoryLock.take(directory, "process %d".formatted(ProcessHandle.current().pid()));
    } catch (IOException e) {
      throw new IOException(
          "cannot write to the spool %s (%s): choose a directory that is yours with --spool"
              .formatted(directory, words(e)),
          e);
    }
    if (lock.isEmpty()) {
      return Optional.empty();
    }
    try {
      Ledger ledger =
          Ledger.open(directory, settings.sessions(), settings.lands() ? READ_BYTES : 0);
      Spool spool = new Spool(directory, lock.get(), ledger, settings, say);
      spool.find(host, now.toEpochMilli());
      return Optional.of(spool);
    } catch (OtherVersion e) {
      lock.get().close();
      throw e;
    } catch (IOException e) {
      lock.get().close();
      throw new IOException(
          "cannot use the spool %s (%s): give it room and rights, or choose another with --spool"
              .formatted(directory, words(e)),
          e);
    }
  }

  /// What is wrong, as the file system says it.
  static String words(IOException e) {
    return switch (e) {
      case AccessDeniedException denied -> "no right to use " + denied.getFile();
      case FileSystemException failed when failed.getReason() != null -> failed.getReason();
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  /// Finds what a former process left.
  private void find(String host, long now) throws IOException {
    Map<String, Integer> slots = new HashMap<>();
    for (int slot : ledger.open()) {
      slots.put(ledger.id(slot), slot);
    }
    for (Map.Entry<String, Segments> each : Segments.in(directory, say).entrySet()) {
      Segments segments = each.getValue();
      Integer slot = slots.remove(each.getKey());
      if (slot == null && ledger.wasFound()) {
        add(closed(segments));
      } else {
        open(segments, slot, host, each.getKey(), now);
      }
    }
    Optional<Ledger.Unfinished> unfinished = ledger.unfinished();
    for (Map.Entry<String, Integer> each : slots.entrySet()) {
      int slot = each.getValue();
      if (ledger.next(slot) == 0 && unfinished.filter(read -> read.slot() == slot).isEmpty()) {
        // It did not get as far as to its beginning: nobody heard of it.
        ledger.free(slot);
      } else {
        // It never found room for a segment.
        open(Segments.NONE, slot, host, each.getKey(), now);
      }
    }
    for (SpoolSession session : sessions.values()) {
      if (!session.isOver()) {
        session.resume(
            unfinished
                .filter(read -> ledger.id(read.slot()).equals(session.id().id()))
                .orElse(null),
            now);
      }
    }
    ledger.settled();
  }

  /// A session that is over: it needs only to be published.
  private SpoolSession closed(Segments segments) throws IOException {
    SegmentHead head = segments.last().head();
    return new SpoolSession(
        this,
        head.session(),
        head.source(),
        head.openedAt(),
        0,
        new SpoolSession.Leftover(
            segments.first(), segments.newest(), segments.last().size(), 0, true, segments.size()));
  }

  private void open(Segments segments, @Nullable Integer slot, String host, String id, long now)
      throws IOException {
    if (segments.isEmpty()) {
      if (slot != null) {
        add(
            new SpoolSession(
                this, new SessionId(host, id), null, now, slot, SpoolSession.Leftover.NEW));
      }
      return;
    }
    SegmentHead head = segments.last().head();
    SegmentFile.Scan scan = segments.last().scan();
    if (slot == null && !scan.over()) {
      slot = ledger.take(id).orElseThrow(() -> new IOException("its ledger has no room"));
    }
    if (slot != null && scan.over()) {
      ledger.free(slot);
    }
    add(
        new SpoolSession(
            this,
            head.session(),
            head.source(),
            head.openedAt(),
            slot == null ? 0 : slot,
            new SpoolSession.Leftover(
                segments.first(),
                segments.newest(),
                scan.position(),
                scan.offset(),
                scan.over(),
                segments.size())));
  }

  private void add(SpoolSession session) {
    sessions.put(session.id(), session);
  }

  /// Begins a session. Empty when there are as many as the spool can have.
  ///
  /// @param source null for what is no stream
  public Optional<SpoolSession> begin(SessionId id, @Nullable Source source, Instant at) {
    return ledger
        .take(id.id())
        .map(slot -> {
          SpoolSession session =
              new SpoolSession(
                  this, id, source, at.toEpochMilli(), slot, SpoolSession.Leftover.NEW);
          add(session);
          session.begin();
          return session;
        });
  }

  /// The sessions that are in the spool: those that are open, and those of which something is not
  /// published yet.
  public List<SpoolSession> sessions() {
    return List.copyOf(sessions.values());
  }

  /// Hands everything that is to be published to a publisher, from now on and what is there
  /// already.
  void publishWith(Consumer<SpoolSession> publisher) {
    this.publisher = publisher;
    for (SpoolSession session : sessions.values()) {
      session.queued.set(false);
      ready(session);
    }
  }

  void ready(SpoolSession session) {
    if (session.queued.compareAndSet(false, true)) {
      publisher.accept(session);
    }
  }

  Ledger ledger() {
    return ledger;
  }

  Room room() {
    return room;
  }

  public Path directory() {
    return directory;
  }

  boolean isStranger(long uid) {
    return uid != 0 && uid != settings.ownUid();
  }

  boolean hasManyFiles() {
    return files.get() > MAX_FILES;
  }

  void opened() {
    files.incrementAndGet();
  }

  void closed() {
    files.decrementAndGet();
  }

  void fails(SpoolSession session, IOException e) {
    failing.add(session);
    String words = words(e);
    if (problem == null) {
      say.accept(
          "cannot write to the spool %s (%s): what does not fit is dropped, and the log will say what"
              .formatted(directory, words));
    }
    problem = words;
  }

  void works() {
    if (problem != null && failing.isEmpty()) {
      problem = null;
    }
  }

  void lost(long bytes, long lines) {
    lostBytes.add(bytes);
    lostLines.add(lines);
  }

  void gapWritten() {
    gaps.increment();
  }

  void deleted() {
    synchronized (deletion) {
      deletion.notifyAll();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the caller's
  void awaitDeletion() throws InterruptedException {
    synchronized (deletion) {
      deletion.wait(100);
    }
  }

  void finished(SpoolSession session) {
    sessions.remove(session.id());
    failing.remove(session);
    deleted();
  }

  /// What is to be done now and then.
  void tend() {
    room.look();
    if (room.hasRefused()) {
      sessions.values().forEach(SpoolSession::giveBack);
    }
    for (SpoolSession session : List.copyOf(failing)) {
      failing.remove(session);
      session.flush();
    }
    works();
    if (files.get() > 0) {
      long now = System.nanoTime();
      sessions.values().forEach(session -> session.rest(now, FILE_RESTS_NANOS));
    }
  }

  boolean syncs() {
    return syncing != null;
  }

  void dirty(SpoolSession session) {
    synchronized (dirty) {
      dirty.add(session);
      dirty.notifyAll();
    }
  }

  /// Beside everything else: neither a read nor a record waits for the disk.
  private void syncDirty() {
    try {
      while (!closed) {
        List<SpoolSession> written;
        synchronized (dirty) {
          while (dirty.isEmpty()) {
            dirty.wait();
          }
          written = new ArrayList<>(dirty);
          dirty.clear();
        }
        try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
          for (SpoolSession session : written) {
            session.sync();
          }
          ledger.force();
          names.force(true);
        } catch (IOException e) {
          say.accept("cannot sync the spool %s: %s".formatted(directory, words(e)));
        }
      }
    } catch (InterruptedException _) {
      // closing
    }
  }

  /// How the spool is.
  ///
  /// @param bytes of all segments
  /// @param oldestAt when the oldest session was opened of which something is not published; null
  ///   when all is
  /// @param problem what the disk says, null when all is well
  public record State(
      Path directory,
      long bytes,
      long limit,
      long waiting,
      @Nullable Instant oldestAt,
      @Nullable String problem,
      long gaps,
      long lostBytes,
      long lostLines) {}

  public State state() {
    long waiting = 0;
    long oldest = Long.MAX_VALUE;
    for (SpoolSession session : sessions.values()) {
      long behind = session.behind();
      waiting += behind;
      if (behind > 0) {
        oldest = Math.min(oldest, session.waitsSince());
      }
    }
    return new State(
        directory,
        room.bytes(),
        room.limit(),
        waiting,
        oldest == Long.MAX_VALUE ? null : Instant.ofEpochMilli(oldest),
        problem,
        gaps.sum(),
        lostBytes.sum(),
        lostLines.sum());
  }

  public boolean isEmpty() {
    return sessions.isEmpty();
  }

  /// Lets go of the directory. What is in it stays.
  @Override
  public void close() throws IOException {
    closed = true;
    if (syncing != null) {
      syncing.interrupt();
    }
    for (SpoolSession session : sessions.values()) {
      session.settle();
    }
    ledger.force();
    lock.close();
  }

  /// Removes the directory, when there is nothing in it that anybody needs.
  public void remove() throws IOException {
    if (sessions.isEmpty()) {
      Files.deleteIfExists(directory.resolve(Ledger.FILE));
      Files.deleteIfExists(directory.resolve(DirectoryLock.FILE));
      Files.deleteIfExists(directory);
    }
  }
}
