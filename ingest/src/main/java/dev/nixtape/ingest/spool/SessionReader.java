package dev.nixtape.ingest.spool;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reads a session's segments in order and makes entries of them: bytes that arrived together
/// become chunks of complete lines. What stands of a line that has no end yet waits for it, for a
/// second.
///
/// The publisher's thread reads; any thread may say what is published.
final class SessionReader {
  /// Takes a session's entries, in order.
  interface Sink {
    /// @param after everything before it is said by this entry and those before it
    void entry(LogEntry entry, Place after);
  }

  /// Reads that came within this become one chunk: a backlog is published in large records, and no
  /// line's time is wrong by more.
  private static final long TOGETHER_MS = 5;

  private static final long TORN_WAITS_NANOS = 1_000_000_000L;

  private static final byte[] NOTHING = {};

  private final SpoolSession session;
  private int segment;
  private long position;

  /// The stream's offset behind what was read, the torn line included.
  private long offset;

  private boolean begun;
  private @Nullable FileChannel file;

  /// A line that has no end yet, and where its first bytes stand.
  private byte[] torn = NOTHING;

  private Place tornAt = Place.BEGIN;
  private long tornSince;

  // What was read together and is no chunk yet, in the desk's buffer:
  private int gathered;
  private long gatheredAt;

  /// Kafka has all before it.
  private volatile Place published;

  private volatile long publishedAt;
  private volatile boolean failed;

  SessionReader(SpoolSession session, int firstSegment) {
    this.session = session;
    this.segment = firstSegment;
    this.published = new Place(firstSegment, 0, 0);
  }

  /// What one publisher needs to read with.
  static final class Desk {
    private ByteBuffer block = ByteBuffer.allocateDirect(2 * (Frame.HEADER + Spool.READ_BYTES));
    private final byte[] together;
    private final int chunkBytes;

    /// @param chunkBytes of a chunk at most
    Desk(int chunkBytes) {
      this.chunkBytes = chunkBytes;
      this.together = new byte[chunkBytes];
    }
  }

  /// Reads up to about `quantum` bytes. Returns whether there is more.
  boolean read(Desk desk, int quantum, Sink sink) throws IOException {
    long left = quantum;
    while (true) {
      long end = session.end();
      int last = SpoolSession.segmentOf(end);
      if (segment > last || (segment == last && position >= SpoolSession.positionOf(end))) {
        // All is read: Kafka may have it already, and the segment may be gone.
        return false;
      }
      if (segment < last && !Files.exists(session.path(segment)) && file == null) {
        // Put aside, or removed by somebody: the next one's head says how much that was.
        segment++;
        position = 0;
        continue;
      }
      FileChannel in = open();
      long limit = segment == last ? SpoolSession.positionOf(end) : in.size();
      if (position >= limit) {
        close();
        segment++;
        position = 0;
        continue;
      }
      if (left <= 0) {
        return true;
      }
      left -= readBlock(desk, in, limit, segment < last, sink);
    }
  }

  /// Reads whole frames from the position on. Returns how many bytes they have.
  private long readBlock(Desk desk, FileChannel in, long limit, boolean finished, Sink sink)
      throws IOException {
    long begin = position;
    ByteBuffer block = desk.block.clear();
    block.limit((int) Math.min(block.capacity(), limit - position));
    fill(in, block, position);
    int at = 0;
    while (at < block.limit()) {
      int available = block.limit() - at;
      boolean toTheEnd = position + available == limit;
      if (available < Frame.HEADER) {
        if (toTheEnd) {
          skipRest(limit);
        }
        break;
      }
      if (!Frame.isHeader(block, at)) {
        skipRest(limit);
        break;
      }
      int length = Frame.length(block, at);
      if (available < Frame.HEADER + length) {
        if (!toTheEnd) {
          if (at == 0) {
            desk.block = ByteBuffer.allocateDirect(Frame.HEADER + length);
          }
          break;
        }
        // A shim was killed while it wrote this: what is there of the bytes is as good as any.
        if (finished && Frame.kind(block, at) == Frame.BYTES) {
          bytes(desk, block, at, available - Frame.HEADER, sink);
        }
        skipRest(limit);
        break;
      }
      if (!Frame.isIntact(block, at)) {
        skipRest(limit);
        break;
      }
      frame(desk, block, at, length, sink);
      at += Frame.HEADER + length;
      position += Frame.HEADER + length;
    }
    cut(desk, sink);
    return position - begin;
  }

  /// What follows cannot be read; the next segment's head says how much that was.
  private void skipRest(long limit) {
    position = limit;
  }

  private static void fill(FileChannel in, ByteBuffer block, long from) throws IOException {
    long at = from;
    while (block.hasRemaining()) {
      int count = in.read(block, at);
      if (count < 0) {
        block.limit(block.position());
      } else {
        at += count;
      }
    }
  }

  private void frame(Desk desk, ByteBuffer block, int at, int length, Sink sink) {
    switch (Frame.kind(block, at)) {
      case Frame.BYTES -> bytes(desk, block, at, length, sink);
      case Frame.HEAD -> {
        cut(desk, sink);
        head(Json.read(payload(block, at, length), SegmentHead.class), sink);
      }
      default -> {
        cut(desk, sink);
        entry(payload(block, at, length), Frame.millis(block, at), length, sink);
      }
    }
  }

  private static byte[] payload(ByteBuffer block, int at, int length) {
    byte[] payload = new byte[length];
    block.get(at + Frame.HEADER, payload);
    return payload;
  }

  private void head(SegmentHead head, Sink sink) {
    if (!begun) {
      begun = true;
      offset = head.offset();
    }
    if (segment == 0 && head.source() != null) {
      sink.entry(
          new LogEntry.Opened(session.id(), Instant.ofEpochMilli(head.openedAt()), head.source()),
          new Place(segment, position, offset));
    }
    if (head.offset() > offset) {
      giveTorn(sink);
      long missing = head.offset() - offset;
      Instant at = Instant.ofEpochMilli(session.lastAt());
      LogEntry gap =
          new LogEntry.Gap(
              session.id(), at, offset, missing, 0, at, "the spool was damaged on its disk");
      offset = head.offset();
      sink.entry(gap, here());
    }
  }

  /// The entry of a frame: its offset is that of the stream where the frame stands.
  static LogEntry entry(SessionId session, byte[] payload, long millis, long offset) {
    int zero = ByteSlice.indexOf(payload, (byte) 0, 0, payload.length);
    byte[] kind = Arrays.copyOf(payload, Math.max(0, zero));
    byte[] json = Arrays.copyOfRange(payload, zero + 1, payload.length);
    return EntryRecord.read(
        session.key().getBytes(UTF_8),
        millis,
        null,
        header ->
            switch (header) {
              case EntryRecord.KIND -> kind;
              case EntryRecord.ENTRY -> json;
              case EntryRecord.OFFSET -> EntryRecord.offset(offset).toArray();
              default -> null;
            });
  }

  private void entry(byte[] payload, long millis, int length, Sink sink) {
    LogEntry entry = entry(session.id(), payload, millis, offset - torn.length);
    if (!(entry instanceof LogEntry.Observed) && torn.length > 0) {
      giveTorn(sink);
      entry = entry(session.id(), payload, millis, offset);
    }
    if (entry instanceof LogEntry.Gap gap) {
      offset += gap.missing();
    }
    Place after = new Place(segment, position + Frame.HEADER + length, offset);
    sink.entry(entry, torn.length == 0 ? after : tornAt);
  }

  /// Adds bytes that were read at once to those that were read just before them.
  private void bytes(Desk desk, ByteBuffer block, int at, int length, Sink sink) {
    long millis = Frame.millis(block, at);
    if (gathered > 0 && (millis < gatheredAt || millis - gatheredAt > TOGETHER_MS)) {
      cut(desk, sink);
    }
    Place begin = new Place(segment, position, offset);
    int from = at + Frame.HEADER;
    int left = length;
    while (left > 0) {
      if (gathered == 0) {
        System.arraycopy(torn, 0, desk.together, 0, torn.length);
        gathered = torn.length;
        gatheredAt = millis;
        if (torn.length == 0) {
          tornAt = begin;
        }
      }
      int count = Math.min(left, desk.chunkBytes - gathered);
      block.get(from, desk.together, gathered, count);
      if (lastNewline(desk.together, gathered, gathered + count) >= 0) {
        tornAt = begin;
      }
      gathered += count;
      offset += count;
      from += count;
      left -= count;
      if (gathered == desk.chunkBytes) {
        // The rest of this frame comes with its next part.
        cut(desk, sink, begin);
      }
    }
  }

  /// Makes a chunk of what was gathered.
  private void cut(Desk desk, Sink sink) {
    cut(desk, sink, here());
  }

  private void cut(Desk desk, Sink sink, Place after) {
    if (gathered == 0) {
      return;
    }
    int complete = lastNewline(desk.together, 0, gathered) + 1;
    if (complete == 0 && gathered == desk.chunkBytes) {
      complete = gathered;
    }
    byte[] rest = Arrays.copyOfRange(desk.together, complete, gathered);
    if (rest.length > 0 && (torn.length == 0 || complete > 0)) {
      tornSince = System.nanoTime();
    }
    torn = rest;
    long start = offset - gathered;
    gathered = 0;
    if (complete > 0) {
      sink.entry(
          new LogEntry.Lines(
              session.id(),
              Instant.ofEpochMilli(gatheredAt),
              start,
              ByteSlice.of(Arrays.copyOf(desk.together, complete))),
          rest.length == 0 ? after : tornAt);
    }
  }

  private static int lastNewline(byte[] bytes, int from, int to) {
    for (int i = to - 1; i >= from; i--) {
      if (bytes[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  /// The place behind all that was read.
  private Place here() {
    return new Place(segment, position, offset);
  }

  boolean hasTorn() {
    return torn.length > 0;
  }

  int tornBytes() {
    return torn.length;
  }

  /// Gives out what waits for the end of its line, when it waited long enough: whoever sends half a
  /// line and no more holds nothing back.
  void giveOldTorn(Sink sink, long now) {
    if (torn.length > 0 && now - tornSince > TORN_WAITS_NANOS) {
      giveTorn(sink);
    }
  }

  /// Gives it out at once.
  void giveTorn(Sink sink) {
    if (torn.length > 0) {
      byte[] bytes = torn;
      torn = NOTHING;
      sink.entry(
          new LogEntry.Lines(
              session.id(),
              Instant.ofEpochMilli(session.lastAt()),
              offset - bytes.length,
              ByteSlice.of(bytes)),
          here());
    }
  }

  /// Kafka acknowledged everything before a place.
  ///
  /// @param at when the last of it happened, in milliseconds since the epoch
  void published(Place place, long at) {
    publishedAt = at;
    published = place;
  }

  /// Kafka refused something: nothing behind it counts, even if Kafka took it.
  void failed() {
    failed = true;
  }

  boolean hasFailed() {
    return failed;
  }

  /// When the last of what is published happened, in milliseconds since the epoch.
  long publishedAt() {
    return publishedAt;
  }

  boolean isPublished(long end) {
    Place upTo = published;
    return upTo.segment() == SpoolSession.segmentOf(end)
        && upTo.position() >= SpoolSession.positionOf(end);
  }

  /// Passes over to a place: Kafka acknowledged everything before it.
  void goOnFrom(Place place) {
    published = place;
    rewind();
  }

  /// Goes back to where Kafka acknowledged everything.
  void rewind() {
    close();
    Place to = published;
    failed = false;
    segment = to.segment();
    position = to.position();
    offset = to.offset();
    begun = position > 0;
    torn = NOTHING;
    gathered = 0;
  }

  void close() {
    if (file != null) {
      try {
        file.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      file = null;
    }
  }

  private FileChannel open() throws IOException {
    FileChannel open = file;
    if (open == null) {
      open = FileChannel.open(session.path(segment), StandardOpenOption.READ);
      file = open;
    }
    return open;
  }
}
