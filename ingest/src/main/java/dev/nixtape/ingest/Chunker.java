package dev.nixtape.ingest;

import dev.nixtape.projections.tape.Topic;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Cuts a stream of bytes into chunks: the complete lines that arrived together. The line that is
/// not complete waits here for its end, and goes out in pieces when it is longer than a chunk.
/// Every byte is in exactly one chunk, in order.
final class Chunker {
  /// Takes the chunks of one stream.
  interface Sink {
    /// @param offset where the chunk begins in its stream
    /// @param startsLine whether its first byte is a line's first byte
    void chunk(long offset, byte[] bytes, boolean startsLine);
  }

  private static final byte[] NOTHING = {};

  private final int limit;

  /// The bytes of a line that has no end yet; never a newline among them.
  private byte[] tail = NOTHING;

  private int tailLength;
  private long offset;
  private boolean atLineStart = true;

  Chunker() {
    this(Topic.CHUNK_BYTES);
  }

  /// @param limit bytes of a chunk at most
  Chunker(int limit) {
    this.limit = limit;
  }

  /// The stream's offset behind the last chunk.
  long offset() {
    return offset;
  }

  void take(ByteBuffer arrived, Sink sink) {
    while (arrived.hasRemaining()) {
      int window = Math.min(arrived.remaining(), limit - tailLength);
      int lines = upToLastNewline(arrived, window);
      if (lines > 0) {
        emit(arrived, lines, sink);
      } else if (tailLength + window == limit) {
        emit(arrived, window, sink);
      } else {
        hold(arrived, window);
      }
    }
  }

  /// The stream is at its end: what waited for a newline goes out without one.
  void end(Sink sink) {
    if (tailLength > 0) {
      emit(ByteBuffer.allocate(0), 0, sink);
    }
  }

  /// Length of the first `window` bytes up to and with their last newline; 0 when they have none.
  private static int upToLastNewline(ByteBuffer bytes, int window) {
    int start = bytes.position();
    for (int i = start + window - 1; i >= start; i--) {
      if (bytes.get(i) == '\n') {
        return i - start + 1;
      }
    }
    return 0;
  }

  private void emit(ByteBuffer arrived, int length, Sink sink) {
    byte[] chunk = Arrays.copyOf(tail, tailLength + length);
    arrived.get(chunk, tailLength, length);
    tail = NOTHING;
    tailLength = 0;
    long at = offset;
    boolean startsLine = atLineStart;
    offset += chunk.length;
    atLineStart = chunk[chunk.length - 1] == '\n';
    sink.chunk(at, chunk, startsLine);
  }

  private void hold(ByteBuffer arrived, int length) {
    if (tail.length < tailLength + length) {
      tail = Arrays.copyOf(tail, Math.min(limit, Math.max(tailLength + length, 2 * tail.length)));
    }
    arrived.get(tail, tailLength, length);
    tailLength += length;
  }
}
