package dev.nixtape.ingest.spool;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// How much the spool may hold, and how much of it one session or one user may have: who floods it
/// while Kafka is away takes nothing from the others.
final class Room {
  /// What may be kept of what a session says.
  enum Kept {
    ALL,
    /// All but progress: 98 of 100 lines, and the ones that are missed least.
    NO_PROGRESS,
    NOTHING
  }

  /// @param why in words, "" when all is kept
  record Verdict(Kept kept, String why) {}

  private static final Verdict ALL = new Verdict(Kept.ALL, "");

  /// The largest reserve that is left on the disk for others.
  private static final long MAX_RESERVE = 256L << 20;

  /// Bytes from one look at the disk to the next.
  private static final long LOOK_EVERY = 1L << 20;

  private final Path directory;
  private final long limit;
  private final Share whole;
  private final Share ofSession;
  private final Share ofUser;
  private final Share ofDisk;
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong sinceLook = new AtomicLong();
  private final Map<Long, AtomicLong> users = new ConcurrentHashMap<>();
  private volatile Verdict disk = ALL;
  private volatile @Nullable FileStore store;
  private volatile boolean refused;

  /// A part of the room: from seven eighths of it on, progress is dropped.
  private record Share(long bytes, Verdict nearly, Verdict full) {
    static Share of(long bytes, String why) {
      return new Share(bytes, new Verdict(Kept.NO_PROGRESS, why), new Verdict(Kept.NOTHING, why));
    }

    Verdict holding(long held) {
      return held >= bytes ? full : held >= bytes - bytes / 8 ? nearly : ALL;
    }
  }

  /// @param limit bytes that all segments of the spool may have
  Room(Path directory, long limit) {
    this.directory = directory;
    this.limit = limit;
    this.whole = Share.of(limit, "the spool held its limit of %,d bytes".formatted(limit));
    this.ofSession =
        Share.of(
            limit / 2, "the session held its share of the spool, %,d bytes".formatted(limit / 2));
    this.ofUser =
        Share.of(
            limit / 4, "the user held their share of the spool, %,d bytes".formatted(limit / 4));
    this.ofDisk = Share.of(0, "the disk of the spool was nearly full");
    look();
  }

  /// What may be kept now of a session's bytes.
  Verdict ask(SpoolSession session) {
    Verdict verdict = judge(session);
    if (verdict.kept != Kept.ALL) {
      refused = true;
    }
    return verdict;
  }

  private Verdict judge(SpoolSession session) {
    Verdict verdict = worse(disk, whole.holding(bytes.get()));
    if (verdict.kept != Kept.NOTHING) {
      verdict = worse(verdict, ofSession.holding(session.bytes()));
      if (session.isStranger()) {
        verdict = worse(verdict, ofUser.holding(of(session.uid()).get()));
      }
    }
    return verdict;
  }

  private static Verdict worse(Verdict one, Verdict other) {
    return one.kept.compareTo(other.kept) >= 0 ? one : other;
  }

  private AtomicLong of(long uid) {
    return users.computeIfAbsent(uid, _ -> new AtomicLong());
  }

  void taken(SpoolSession session, long more) {
    bytes.addAndGet(more);
    of(session.uid()).addAndGet(more);
    if (sinceLook.addAndGet(more) >= LOOK_EVERY) {
      sinceLook.set(0);
      look();
    }
  }

  void given(SpoolSession session, long less) {
    bytes.addAndGet(-less);
    of(session.uid()).addAndGet(-less);
  }

  /// Looks at the disk.
  void look() {
    try {
      FileStore store = this.store;
      if (store == null) {
        // Java reads all of the system's mounts for it.
        store = Files.getFileStore(directory);
        this.store = store;
      }
      long reserve = Math.min(MAX_RESERVE, store.getTotalSpace() / 10);
      long usable = store.getUsableSpace();
      disk = usable < reserve ? ofDisk.full : usable < 2 * reserve ? ofDisk.nearly : ALL;
    } catch (IOException _) {
      // The next write says what is wrong.
    }
  }

  /// Whether there was no room for somebody since this was asked last.
  boolean hasRefused() {
    boolean since = refused;
    refused = false;
    return since;
  }

  long bytes() {
    return bytes.get();
  }

  long limit() {
    return limit;
  }
}
