package dev.nixtape.ingest.spool;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// How a segment of the spool is written: frames, one behind the other.
///
/// | bytes | hold |
/// |---|---|
/// | 1 | the kind |
/// | 4 | the payload's length |
/// | 8 | when, in milliseconds since the epoch |
/// | 4 | CRC-32C of the payload |
/// | … | the payload |
final class Frame {
  static final int HEADER = 1 + 4 + 8 + 4;

  /// What a segment begins with: a `SegmentHead` as JSON.
  static final byte HEAD = 'H';

  /// Bytes of the stream as they were read.
  static final byte BYTES = 'B';

  /// An entry of another kind, as it goes into the log: its kind and JSON with a zero byte between.
  static final byte ENTRY = 'E';

  /// Bytes of a payload at most: a derivation's text as JSON is the largest.
  static final int MAX_PAYLOAD = 4 * 1024 * 1024;

  private Frame() {}

  /// Writes a frame's header before its payload, which stands in `buffer` from `at + HEADER` on.
  static void seal(ByteBuffer buffer, int at, byte kind, int length, long millis) {
    CRC32C crc = new CRC32C();
    crc.update(buffer.slice(at + HEADER, length));
    buffer.put(at, kind);
    buffer.putInt(at + 1, length);
    buffer.putLong(at + 5, millis);
    buffer.putInt(at + 13, (int) crc.getValue());
  }

  static byte kind(ByteBuffer buffer, int at) {
    return buffer.get(at);
  }

  static int length(ByteBuffer buffer, int at) {
    return buffer.getInt(at + 1);
  }

  static long millis(ByteBuffer buffer, int at) {
    return buffer.getLong(at + 5);
  }

  /// Whether a header stands at `at` at all.
  static boolean isHeader(ByteBuffer buffer, int at) {
    byte kind = kind(buffer, at);
    int length = length(buffer, at);
    return (kind == HEAD || kind == BYTES || kind == ENTRY) && length >= 0 && length <= MAX_PAYLOAD;
  }

  /// Whether the payload is the one that was written.
  static boolean isIntact(ByteBuffer buffer, int at) {
    CRC32C crc = new CRC32C();
    crc.update(buffer.slice(at + HEADER, length(buffer, at)));
    return buffer.getInt(at + 13) == (int) crc.getValue();
  }
}
