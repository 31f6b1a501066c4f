package dev.nixtape.projections.history;

import java.util.Arrays;

/// Numbers one behind the other, seven bits a byte, the lowest first, as Protocol Buffers pack
/// them.
final class Packed {
  private Packed() {}

  static byte[] concat(byte[] one, byte[] other) {
    byte[] both = Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, both, one.length, other.length);
    return both;
  }

  /// Grows as it is written to.
  static final class Writer {
    private byte[] bytes;
    private int size;

    Writer(int expected) {
      bytes = new byte[expected];
    }

    /// Of a number from 0 on.
    Writer number(long value) {
      long left = value;
      if (size + 10 > bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * bytes.length + 10);
      }
      while ((left & ~0x7fL) != 0) {
        bytes[size++] = (byte) ((left & 0x7f) | 0x80);
        left >>>= 7;
      }
      bytes[size++] = (byte) left;
      return this;
    }

    byte[] toArray() {
      return Arrays.copyOf(bytes, size);
    }

    /// All of it behind other bytes.
    byte[] after(byte[] before) {
      return concat(before, toArray());
    }
  }

  static final class Reader {
    private final byte[] bytes;
    private int at;

    Reader(byte[] bytes) {
      this.bytes = bytes;
    }

    boolean hasMore() {
      return at < bytes.length;
    }

    int at() {
      return at;
    }

    /// Passes over so many numbers.
    void skip(int numbers) {
      for (int left = numbers; left > 0; at++) {
        if (bytes[at] >= 0) {
          left--;
        }
      }
    }

    long number() {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        byte next = bytes[at++];
        value |= (next & 0x7fL) << shift;
        if (next >= 0) {
          return value;
        }
      }
    }
  }
}
