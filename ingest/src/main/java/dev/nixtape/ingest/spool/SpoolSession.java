package dev.nixtape.ingest.spool;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.nix.NixLine;
import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One session in the spool: what is read of it is appended to its newest segment; the publisher
/// reads the segments and deletes them, the last one when the session is over.
///
/// Appending never waits for Kafka, and drops what there is no room for. All methods may be called
/// from any thread.
public final class SpoolSession {
  /// A segment ends when it has so many bytes.
  static final int SEGMENT_BYTES = 1 << 20;

  /// A segment that is published up to its end is begun anew when it has so many bytes.
  private static final int WORTH_DELETING = 64 << 10;

  /// The same where there is no room for others.
  private static final int WORTH_GIVING_BACK = 4 << 10;

  private final Spool spool;
  private final SessionId id;
  private volatile @Nullable Source source;
  private final long openedAt;
  private volatile long uid;
  private final int slot;
  private final AtomicLong bytes = new AtomicLong();

  /// Where the publisher is.
  final SessionReader reader;

  /// In the publisher's queue.
  final AtomicBoolean queued = new AtomicBoolean();

  // The writer's, guarded by this:
  private int segment;
  private long position;
  private long offset;
  private boolean midLine;
  private volatile boolean over;

  /// What a former process wrote is left as it is: its last frame may be torn.
  private boolean found;

  private @Nullable FileChannel file;
  private long usedAt;
  private @Nullable ByteBuffer scratch;

  /// Entries that found no room on the disk.
  private final Deque<LogEntry> waiting = new ArrayDeque<>(0);

  /// What the publisher may read: the segment in the upper 32 bits, the position in it in the
  /// lower.
  private volatile long end;

  private volatile boolean unsynced;

  private int syncedSegment;

  private final Object deleting = new Object();

  /// The first segment that was not deleted yet.
  private volatile int firstSegment;

  private volatile long lastAt;

  /// When something was appended behind what was all published.
  private volatile long waitingSince;

  SpoolSession(
      Spool spool, SessionId id, @Nullable Source source, long openedAt, int slot, Leftover left) {
    this.spool = spool;
    this.id = id;
    this.source = source;
    this.openedAt = openedAt;
    this.uid = uid(source);
    this.slot = slot;
    this.segment = left.segment();
    this.position = left.position();
    this.offset = left.offset();
    this.over = left.over();
    this.found = segment >= 0;
    this.firstSegment = left.firstSegment();
    this.end = pack(segment, position);
    this.lastAt = openedAt;
    this.waitingSince = openedAt;
    this.reader = new SessionReader(this, firstSegment);
    bytes.set(left.bytes());
    spool.room().taken(this, left.bytes());
  }

  /// What a session's segments hold when it is found.
  ///
  /// @param firstSegment the first that is there
  /// @param segment the last
  /// @param position the end of the last one's last good frame
  /// @param offset the stream's offset there
  /// @param bytes of all segments
  record Leftover(
      int firstSegment, int segment, long position, long offset, boolean over, long bytes) {
    static final Leftover NEW = new Leftover(0, -1, 0, 0, false, 0);
  }

  private static long uid(@Nullable Source source) {
    return source == null || source.peer() == null || source.peer().uid() == null
        ? 0
        : source.peer().uid();
  }

  /// Says whose a session is that a former process left without room for even its beginning.
  public synchronized void isOf(Source found) {
    if (segment < 0) {
      source = found;
      uid = uid(found);
    }
  }

  public SessionId id() {
    return id;
  }

  /// Where its bytes come from; null for what is no stream.
  public @Nullable Source source() {
    return source;
  }

  long uid() {
    return uid;
  }

  /// Whether its bytes come from somebody who has no say on this host.
  boolean isStranger() {
    return spool.isStranger(uid);
  }

  /// Bytes of its segments.
  public long bytes() {
    return bytes.get();
  }

  /// Bytes of its segments that Kafka has not acknowledged, or what still waits for room there.
  long behind() {
    return reader.isPublished(end) ? waiting.size() : Math.max(1, bytes());
  }

  /// When the oldest of what is not published arrived, in milliseconds since the epoch.
  long waitsSince() {
    return Math.max(waitingSince, reader.publishedAt());
  }

  /// When something was read last, in milliseconds since the epoch.
  public long lastAt() {
    return lastAt;
  }

  public boolean isOver() {
    return over;
  }

  /// The stream's offset behind what was read.
  public synchronized long offset() {
    return spool.ledger().next(slot);
  }

  /// Where the next read of this session stores its bytes; `landed` must follow.
  public ByteBuffer landing() {
    return spool.ledger().reading(slot, spool.ledger().next(slot));
  }

  /// So many bytes are in the landing.
  public void landed(ByteBuffer landing, int count, Instant at) {
    if (count > 0) {
      append(landing, count, at.toEpochMilli());
    }
    spool.ledger().landed(Math.max(0, count));
  }

  /// Appends bytes that were read elsewhere.
  public void append(ByteBuffer arrived, Instant at) {
    synchronized (this) {
      ByteBuffer buffer = scratch;
      if (buffer == null) {
        buffer = ByteBuffer.allocateDirect(Frame.HEADER + Spool.READ_BYTES);
        scratch = buffer;
      }
      while (arrived.hasRemaining()) {
        int count = Math.min(arrived.remaining(), Spool.READ_BYTES);
        buffer.clear().position(Frame.HEADER);
        buffer.put(arrived.slice(arrived.position(), count));
        arrived.position(arrived.position() + count);
        append(buffer, count, at.toEpochMilli());
      }
    }
  }

  /// Waits until there is room for all that a source has to say which can be read as slowly as one
  /// likes.
  public void awaitRoom() throws InterruptedException {
    while (!hasRoom()) {
      spool.awaitDeletion();
    }
  }

  /// Whether all that is said would be kept now.
  public boolean hasRoom() {
    return spool.room().ask(this).kept() == Room.Kept.ALL;
  }

  /// Appends an entry that is no bytes. The last one of a session frees what it held.
  public void append(LogEntry entry) {
    synchronized (this) {
      if (over) {
        return;
      }
      over = isLast(entry);
      waiting.addLast(entry);
      flush();
    }
    spool.ready(this);
  }

  /// Writes what found no room before.
  synchronized void flush() {
    try {
      while (!waiting.isEmpty()) {
        LogEntry entry = waiting.getFirst();
        writeDropped();
        write(entry);
        waiting.removeFirst();
        if (isLast(entry)) {
          closeFile();
          spool.ledger().free(slot);
        }
      }
      spool.works();
    } catch (IOException e) {
      spool.fails(this, e);
    }
  }

  static boolean isLast(LogEntry entry) {
    return entry instanceof LogEntry.Closed || entry instanceof LogEntry.Listening;
  }

  private void append(ByteBuffer buffer, int count, long at) {
    synchronized (this) {
      lastAt = at;
      long next = spool.ledger().next(slot);
      Room.Verdict verdict = spool.room().ask(this);
      try {
        switch (verdict.kept()) {
          case ALL -> {
            writeDropped();
            write(buffer, 0, Frame.BYTES, count, at);
            offset += count;
          }
          case NO_PROGRESS -> writeWithoutProgress(buffer, count, at, verdict.why());
          case NOTHING -> drop(buffer, 0, count, at, verdict.why());
        }
        if (verdict.kept() != Room.Kept.NOTHING) {
          spool.works();
        }
      } catch (IOException e) {
        spool.fails(this, e);
        // What was not written of these bytes: between the segment's end and the read's.
        long pending = spool.ledger().dropped(slot).bytes();
        int written = (int) Math.max(0, offset + pending - next);
        drop(buffer, written, count, at, Spool.words(e));
      }
      midLine = buffer.get(Frame.HEADER + count - 1) != '\n';
      spool.ledger().next(slot, next + count);
    }
    spool.ready(this);
  }

  /// Keeps every line but those of progress; a line of which a part is kept, is kept.
  private void writeWithoutProgress(ByteBuffer buffer, int count, long at, String why)
      throws IOException {
    byte[] read = new byte[count];
    buffer.get(Frame.HEADER, read);
    int kept = 0;
    int line = 0;
    if (midLine) {
      line = ByteSlice.indexOf(read, (byte) '\n', 0, count) + 1;
      line = line == 0 ? count : line;
    }
    while (line < count) {
      int newline = ByteSlice.indexOf(read, (byte) '\n', line, count);
      if (newline < 0) {
        break;
      }
      if (NixLine.isProgress(read, line, newline)) {
        writeKept(read, kept, line, at);
        drop(newline + 1 - line, 1, at, why);
        kept = newline + 1;
      }
      line = newline + 1;
    }
    writeKept(read, kept, count, at);
  }

  private void writeKept(byte[] read, int from, int to, long at) throws IOException {
    if (from < to) {
      writeDropped();
      ByteBuffer frame = ByteBuffer.allocate(Frame.HEADER + to - from);
      frame.put(Frame.HEADER, read, from, to - from);
      write(frame, 0, Frame.BYTES, to - from, at);
      offset += to - from;
    }
  }

  private void drop(ByteBuffer buffer, int from, int to, long at, String why) {
    long lines = 0;
    for (int i = from; i < to; i++) {
      if (buffer.get(Frame.HEADER + i) == '\n') {
        lines++;
      }
    }
    if (from < to) {
      drop(to - from, lines, at, why);
    }
  }

  private void drop(long bytes, long lines, long at, String why) {
    spool.ledger().dropped(slot, spool.ledger().dropped(slot).and(bytes, lines, at, why));
    spool.lost(bytes, lines);
  }

  /// Accounts in the segment for what was dropped before.
  private void writeDropped() throws IOException {
    if (spool.ledger().hasDropped(slot)) {
      Dropped dropped = spool.ledger().dropped(slot);
      write(
          new LogEntry.Gap(
              id,
              Instant.ofEpochMilli(dropped.until()),
              offset,
              dropped.bytes(),
              dropped.lines(),
              Instant.ofEpochMilli(dropped.from()),
              dropped.why()));
      offset += dropped.bytes();
      spool.ledger().dropped(slot, Dropped.NONE);
      spool.gapWritten();
    }
  }

  private void write(LogEntry entry) throws IOException {
    EntryRecord form = EntryRecord.of(entry);
    byte[] kind = Objects.requireNonNull(form.kind()).getBytes(UTF_8);
    byte[] json = Objects.requireNonNull(form.entry()).toArray();
    int length = kind.length + 1 + json.length;
    ByteBuffer frame = ByteBuffer.allocate(Frame.HEADER + length);
    frame.position(Frame.HEADER).put(kind).put((byte) 0).put(json);
    write(frame, 0, Frame.ENTRY, length, entry.at().toEpochMilli());
  }

  private void write(ByteBuffer buffer, int at, byte kind, int length, long millis)
      throws IOException {
    if (segment < 0 || reader.isPublished(end)) {
      waitingSince = millis;
    }
    Frame.seal(buffer, at, kind, length, millis);
    ByteBuffer frame = buffer.slice(at, Frame.HEADER + length);
    try {
      writeFrame(openFile(), frame);
    } catch (ClosedByInterruptException _) {
      // Java closes a file under an interrupted thread, whose last words these may be.
      boolean _ = Thread.interrupted();
      closeFile();
      found = true;
      writeFrame(openFile(), frame.rewind());
      Thread.currentThread().interrupt();
    }
    usedAt = System.nanoTime();
    end = pack(segment, position);
    if (spool.syncs() && !unsynced) {
      unsynced = true;
      spool.dirty(this);
    }
    if (spool.hasManyFiles()) {
      closeFile();
    }
  }

  private void writeFrame(FileChannel to, ByteBuffer frame) throws IOException {
    int length = frame.remaining();
    long at = position;
    try {
      while (frame.hasRemaining()) {
        at += to.write(frame, at);
      }
    } catch (IOException e) {
      // A shorter frame may come next: nothing of this one may be left behind it.
      if (to.isOpen()) {
        to.truncate(position);
      }
      throw e;
    }
    position += length;
    bytes.addAndGet(length);
    spool.room().taken(this, length);
  }

  private FileChannel openFile() throws IOException {
    boolean published = reader.isPublished(end);
    if (segment < 0
        || found
        || position >= SEGMENT_BYTES
        || (published && position >= WORTH_DELETING)) {
      begin(segment + 1);
    } else if (file == null) {
      file = FileChannel.open(path(segment), StandardOpenOption.WRITE);
      spool.opened();
    }
    return Objects.requireNonNull(file);
  }

  /// Says that the session is open before it says anything.
  void begin() {
    synchronized (this) {
      try {
        begin(0);
        end = pack(segment, position);
      } catch (IOException e) {
        spool.fails(this, e);
      }
    }
    spool.ready(this);
  }

  /// Begins a segment: with its head, so that it can be read alone.
  private void begin(int number) throws IOException {
    closeFile();
    byte[] head =
        Json.write(
            new SegmentHead(SegmentHead.VERSION, id.host(), id.id(), offset, source, openedAt));
    ByteBuffer frame = ByteBuffer.allocate(Frame.HEADER + head.length);
    frame.put(Frame.HEADER, head);
    Frame.seal(frame, 0, Frame.HEAD, head.length, openedAt);
    // A head that found no room before is written over.
    FileChannel begun =
        FileChannel.open(
            path(number),
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    long before = position;
    position = 0;
    try {
      writeFrame(begun, frame);
    } catch (IOException e) {
      position = before;
      begun.close();
      Files.deleteIfExists(path(number));
      throw e;
    }
    file = begun;
    found = false;
    spool.opened();
    segment = number;
  }

  /// Begins a new segment so that all before it goes, when all of it is published: a restart then
  /// finds nothing to publish twice.
  synchronized void settle() {
    if (!over && waiting.isEmpty() && segment >= 0 && reader.isPublished(end)) {
      try {
        begin(segment + 1);
        end = pack(segment, position);
        published(new Place(segment, position, offset));
      } catch (IOException e) {
        spool.fails(this, e);
      } finally {
        closeFile();
      }
    }
  }

  /// Does the same while the publisher is at work, for a spool that is short of room: what is
  /// published and stays only because more may follow. On the publisher's thread.
  synchronized void giveBack() {
    if (!over && waiting.isEmpty() && position >= WORTH_GIVING_BACK && reader.isPublished(end)) {
      try {
        begin(segment + 1);
        end = pack(segment, position);
        Place here = new Place(segment, position, offset);
        reader.goOnFrom(here);
        published(here);
      } catch (IOException e) {
        spool.fails(this, e);
      }
    }
  }

  /// Resumes a session whose shim died: what its ledger says was read and its segments do not hold
  /// is a gap.
  synchronized void resume(Ledger.@Nullable Unfinished unfinished, long now) {
    long next = spool.ledger().next(slot);
    if (unfinished != null && unfinished.offset() + unfinished.bytes().length() > offset) {
      int known = (int) Math.max(0, offset - unfinished.offset());
      // Before what landed, all that is in no segment was dropped.
      account(Math.max(offset, unfinished.offset()), now);
      byte[] bytes = unfinished.bytes().toArray();
      try {
        writeDropped();
        writeKept(bytes, known, bytes.length, now);
        next = Math.max(next, offset);
        spool.ledger().next(slot, next);
      } catch (IOException e) {
        spool.fails(this, e);
        next = Math.max(next, unfinished.offset() + bytes.length);
        spool.ledger().next(slot, next);
      }
    }
    account(Math.max(next, offset), now);
    spool.ledger().next(slot, Math.max(next, offset));
  }

  private void account(long upTo, long now) {
    Dropped dropped = spool.ledger().dropped(slot);
    if (offset + dropped.bytes() != upTo) {
      long missing = upTo - offset;
      spool
          .ledger()
          .dropped(
              slot,
              missing == 0
                  ? Dropped.NONE
                  : new Dropped(
                      missing, 0, lastAt, now, "the shim was killed before it could keep them"));
    }
  }

  /// What the publisher may read up to.
  long end() {
    return end;
  }

  static int segmentOf(long packed) {
    return (int) (packed >> 32);
  }

  static long positionOf(long packed) {
    return packed & 0xffffffffL;
  }

  private static long pack(int segment, long position) {
    return ((long) segment << 32) | position;
  }

  Path path(int number) {
    return spool.directory().resolve(id.id() + "." + number);
  }

  /// Kafka has everything before a place.
  void published(Place place) {
    synchronized (deleting) {
      while (firstSegment < place.segment()) {
        delete(firstSegment);
        firstSegment++;
      }
    }
  }

  /// Kafka has everything, and nothing follows.
  void finished() {
    synchronized (deleting) {
      for (int last = segmentOf(end); firstSegment <= last; firstSegment++) {
        delete(firstSegment);
      }
    }
    spool.finished(this);
  }

  private void delete(int number) {
    try {
      Path path = path(number);
      if (Files.exists(path)) {
        long size = Files.size(path);
        Files.delete(path);
        bytes.addAndGet(-size);
        spool.room().given(this, size);
        spool.deleted();
      }
    } catch (IOException e) {
      spool.fails(this, e);
    }
  }

  /// Writes to the disk what is only in the page cache.
  public void sync() throws IOException {
    unsynced = false;
    int newest = segmentOf(end);
    for (int each = Math.max(syncedSegment, firstSegment); each <= newest; each++) {
      try (FileChannel written = FileChannel.open(path(each), StandardOpenOption.WRITE)) {
        written.force(false);
      } catch (NoSuchFileException _) {
        // published and deleted meanwhile
      }
    }
    syncedSegment = Math.max(0, newest);
  }

  /// Closes the file when nothing was written to it for some time.
  synchronized void rest(long now, long longEnough) {
    if (file != null && now - usedAt > longEnough) {
      closeFile();
    }
  }

  private void closeFile() {
    if (file != null) {
      try {
        file.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      file = null;
      spool.closed();
    }
  }
}
