package dev.nixtape.ingest.spool;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.ByteSlice;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/// What a shim must know for certain at every instant, so that it can be killed at any: how far
/// each open session was read, what of it was dropped, and the bytes of the one read that is under
/// way.
///
/// A file that is mapped into memory: what was stored there is there, whatever happens to the
/// process. It is written in full at the beginning, so that a disk that fills up later takes
/// nothing of it.
///
/// Nix's bytes land here: a read stores them and tells the process how many, and between these two
/// and the append to a segment the process may die. So the landing is zero before each read, and
/// what is not zero afterwards was read. (Nix sends no zero bytes. Of a stranger's the last may be
/// lost in such a moment.)
final class Ledger {
  static final String FILE = "ledger";

  private static final byte[] MAGIC = "nixtape ledger 1".getBytes(US_ASCII);
  private static final int SLOTS_AT = MAGIC.length;
  private static final int LANDING_BYTES_AT = SLOTS_AT + 4;
  private static final int READING_SLOT_AT = LANDING_BYTES_AT + 4;
  private static final int READING_OFFSET_AT = READING_SLOT_AT + 8;
  private static final int HEADER = 64;

  private static final int ID_BYTES = 24;
  private static final int NEXT = ID_BYTES;
  private static final int DROPPED = NEXT + 8;
  private static final int DROPPED_LINES = DROPPED + 8;
  private static final int DROPPED_FROM = DROPPED_LINES + 8;
  private static final int DROPPED_UNTIL = DROPPED_FROM + 8;
  private static final int WHY = DROPPED_UNTIL + 8;
  private static final int WHY_BYTES = 128;
  private static final int SLOT_BYTES = WHY + WHY_BYTES;

  private static final int NOBODY = 0;

  private final MappedByteBuffer memory;
  private final int slots;
  private final int landingAt;
  private final int landingBytes;
  private final BitSet used = new BitSet();
  private final boolean found;

  private Ledger(MappedByteBuffer memory, int slots, int landingBytes, boolean found) {
    this.memory = memory;
    this.slots = slots;
    this.landingBytes = landingBytes;
    this.landingAt = HEADER + slots * SLOT_BYTES;
    this.found = found;
    for (int slot = 0; slot < slots; slot++) {
      used.set(slot, memory.get(at(slot)) != 0);
    }
  }

  /// Opens the ledger of a spool, or makes one.
  ///
  /// @param slots sessions that can be open at once
  /// @param landingBytes of one read at most; 0 when nobody reads into it
  static Ledger open(Path directory, int slots, int landingBytes) throws IOException {
    Path path = directory.resolve(FILE);
    try (FileChannel file =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (file.size() > 0) {
        Optional<Ledger> found = find(path, file);
        if (found.isPresent()) {
          return found.get();
        }
      }
      long size = HEADER + (long) slots * SLOT_BYTES + landingSpan(landingBytes);
      ByteBuffer all = ByteBuffer.allocate((int) size);
      all.put(0, MAGIC);
      all.putInt(SLOTS_AT, slots);
      all.putInt(LANDING_BYTES_AT, landingBytes);
      // The magic last: a ledger that was not written in full is none.
      write(file, all.limit((int) size).position(MAGIC.length), MAGIC.length);
      write(file, ByteBuffer.wrap(MAGIC), 0);
      return new Ledger(map(file, size), slots, landingBytes, false);
    }
  }

  private static Optional<Ledger> find(Path path, FileChannel file) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(HEADER);
    file.read(header, 0);
    byte[] magic = new byte[MAGIC.length];
    header.get(0, magic);
    if (magic[0] == 0) {
      return Optional.empty();
    }
    if (!Arrays.equals(magic, MAGIC)) {
      throw new OtherVersion(path);
    }
    int slots = header.getInt(SLOTS_AT);
    int landingBytes = header.getInt(LANDING_BYTES_AT);
    long size = HEADER + (long) slots * SLOT_BYTES + landingSpan(landingBytes);
    if (slots <= 0 || landingBytes < 0 || file.size() != size) {
      throw new IOException(
          "%s is damaged: its length is %,d bytes and should be %,d; move it away, and what is not published yet will be published without it"
              .formatted(path, file.size(), size));
    }
    return Optional.of(new Ledger(map(file, size), slots, landingBytes, true));
  }

  private static int landingSpan(int landingBytes) {
    return landingBytes == 0 ? 0 : Frame.HEADER + landingBytes;
  }

  private static MappedByteBuffer map(FileChannel file, long size) throws IOException {
    return file.map(FileChannel.MapMode.READ_WRITE, 0, size);
  }

  private static void write(FileChannel file, ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += file.write(bytes, at);
    }
  }

  /// Whether there was one.
  boolean wasFound() {
    return found;
  }

  /// The slots of sessions that are open, or were when their shim died.
  List<Integer> open() {
    return used.stream().boxed().toList();
  }

  /// A slot for a session; empty when all are taken.
  synchronized Optional<Integer> take(String id) {
    int slot = used.nextClearBit(0);
    byte[] name = id.getBytes(US_ASCII);
    if (slot >= slots || name.length == 0 || name.length > ID_BYTES) {
      return Optional.empty();
    }
    used.set(slot);
    int at = at(slot);
    for (int i = ID_BYTES; i < SLOT_BYTES; i++) {
      memory.put(at + i, (byte) 0);
    }
    memory.put(at, Arrays.copyOf(name, ID_BYTES));
    return Optional.of(slot);
  }

  synchronized void free(int slot) {
    memory.put(at(slot), (byte) 0);
    used.clear(slot);
  }

  String id(int slot) {
    byte[] name = new byte[ID_BYTES];
    memory.get(at(slot), name);
    int length = 0;
    while (length < ID_BYTES && name[length] != 0) {
      length++;
    }
    return new String(name, 0, length, US_ASCII);
  }

  /// The stream's offset behind what was read.
  long next(int slot) {
    return memory.getLong(at(slot) + NEXT);
  }

  void next(int slot, long offset) {
    VarHandle.releaseFence();
    memory.putLong(at(slot) + NEXT, offset);
  }

  /// Whether there are such as `dropped` tells of: asked at every read.
  boolean hasDropped(int slot) {
    return memory.getLong(at(slot) + DROPPED) > 0;
  }

  /// The last bytes before `next` that were dropped and stand in no segment yet.
  Dropped dropped(int slot) {
    int at = at(slot);
    byte[] why = new byte[WHY_BYTES];
    memory.get(at + WHY, why);
    int length = 0;
    while (length < WHY_BYTES && why[length] != 0) {
      length++;
    }
    return new Dropped(
        memory.getLong(at + DROPPED),
        memory.getLong(at + DROPPED_LINES),
        memory.getLong(at + DROPPED_FROM),
        memory.getLong(at + DROPPED_UNTIL),
        new String(why, 0, length, UTF_8));
  }

  void dropped(int slot, Dropped dropped) {
    int at = at(slot);
    memory.putLong(at + DROPPED, dropped.bytes());
    memory.putLong(at + DROPPED_LINES, dropped.lines());
    memory.putLong(at + DROPPED_FROM, dropped.from());
    memory.putLong(at + DROPPED_UNTIL, dropped.until());
    byte[] why = dropped.why().getBytes(UTF_8);
    memory.put(at + WHY, Arrays.copyOf(why, WHY_BYTES));
  }

  /// Gets ready for a read of a session's bytes at an offset. Returns where they go: room for a
  /// frame's header before them, the position behind that.
  ByteBuffer reading(int slot, long offset) {
    memory.putLong(READING_OFFSET_AT, offset);
    VarHandle.releaseFence();
    memory.putInt(READING_SLOT_AT, slot + 1);
    VarHandle.releaseFence();
    return memory.slice(landingAt, Frame.HEADER + landingBytes).position(Frame.HEADER);
  }

  /// The read is over, and where its bytes are now is known: they are cleared away here.
  void landed(int count) {
    VarHandle.releaseFence();
    memory.putInt(READING_SLOT_AT, NOBODY);
    VarHandle.releaseFence();
    clearLanding(count);
  }

  private void clearLanding(int count) {
    ByteBuffer landing = memory.slice(landingAt + Frame.HEADER, count);
    int i = 0;
    for (; i + Long.BYTES <= count; i += Long.BYTES) {
      landing.putLong(i, 0);
    }
    for (; i < count; i++) {
      landing.put(i, (byte) 0);
    }
  }

  /// A read that was under way when the shim died.
  ///
  /// @param bytes what had landed
  record Unfinished(int slot, long offset, ByteSlice bytes) {}

  /// Takes what had landed when the shim died.
  Optional<Unfinished> unfinished() {
    if (landingBytes == 0) {
      return Optional.empty();
    }
    int slot = memory.getInt(READING_SLOT_AT) - 1;
    byte[] bytes = new byte[landingBytes];
    memory.get(landingAt + Frame.HEADER, bytes);
    int length = landingBytes;
    while (length > 0 && bytes[length - 1] == 0) {
      length--;
    }
    return slot < 0 || slot >= slots || length == 0
        ? Optional.empty()
        : Optional.of(
            new Unfinished(
                slot, memory.getLong(READING_OFFSET_AT), ByteSlice.of(bytes, 0, length)));
  }

  /// What had landed is in a segment.
  void settled() {
    if (landingBytes > 0) {
      landed(landingBytes);
    }
  }

  /// Has it written to the disk. The memory itself is given back when nobody refers to it any more.
  void force() {
    memory.force();
  }

  private static int at(int slot) {
    return HEADER + slot * SLOT_BYTES;
  }
}
