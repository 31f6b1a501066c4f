package dev.nixtape.projections;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/// Some consecutive bytes of an array, not copied. Whoever makes a slice leaves the array alone
/// from then on.
public final class ByteSlice {
  public static final ByteSlice EMPTY = of(new byte[0]);

  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] array;
  private final int from;
  private final int to;

  private ByteSlice(byte[] array, int from, int to) {
    Objects.checkFromToIndex(from, to, array.length);
    this.array = array;
    this.from = from;
    this.to = to;
  }

  public static ByteSlice of(byte[] array, int from, int to) {
    return new ByteSlice(array, from, to);
  }

  @JsonCreator
  public static ByteSlice of(byte[] array) {
    return new ByteSlice(array, 0, array.length);
  }

  public static ByteSlice of(String text) {
    return of(text.getBytes(UTF_8));
  }

  public byte[] array() {
    return array;
  }

  public int from() {
    return from;
  }

  public int to() {
    return to;
  }

  public int length() {
    return to - from;
  }

  public boolean isEmpty() {
    return from == to;
  }

  public byte at(int index) {
    return array[from + index];
  }

  /// The bytes from `start` to this slice's end.
  public ByteSlice from(int start) {
    return new ByteSlice(array, from + start, to);
  }

  /// These bytes with others behind them, in an array of their own.
  public ByteSlice and(ByteSlice more) {
    byte[] both = Arrays.copyOf(toArray(), length() + more.length());
    System.arraycopy(more.array, more.from, both, length(), more.length());
    return of(both);
  }

  /// The first `length` bytes.
  public ByteSlice first(int length) {
    return new ByteSlice(array, from, from + length);
  }

  /// The bytes from `start` to before `end`.
  public ByteSlice slice(int start, int end) {
    return new ByteSlice(array, from + start, from + end);
  }

  /// Whether `expected` stands at `start`.
  public boolean has(byte[] expected, int start) {
    int at = from + start;
    return to - at >= expected.length
        && Arrays.equals(array, at, at + expected.length, expected, 0, expected.length);
  }

  /// The index of the first `value` at or behind `start`, or -1. Eight bytes at a time: this is
  /// asked of every byte that Nix sends.
  public int indexOf(byte value, int start) {
    int found = indexOf(array, value, from + start, to);
    return found < 0 ? -1 : found - from;
  }

  /// The same in the bytes `[start, to)` of an array.
  public static int indexOf(byte[] array, byte value, int start, int to) {
    long wanted = (value & 0xffL) * ONES;
    int i = start;
    for (; i + Long.BYTES <= to; i += Long.BYTES) {
      long differs = (long) LONGS.get(array, i) ^ wanted;
      // A byte of `differs` is zero where the value is; this marks the lowest such byte's highest
      // bit.
      long found = (differs - ONES) & ~differs & HIGHS;
      if (found != 0) {
        return i + Long.numberOfTrailingZeros(found) / Byte.SIZE;
      }
    }
    for (; i < to; i++) {
      if (array[i] == value) {
        return i;
      }
    }
    return -1;
  }

  @JsonValue
  public byte[] toArray() {
    return Arrays.copyOfRange(array, from, to);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ByteSlice that
        && Arrays.equals(array, from, to, that.array, that.from, that.to);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(toArray());
  }

  /// The bytes as UTF-8; what is not UTF-8 shows as U+FFFD.
  @Override
  public String toString() {
    return new String(array, from, to - from, UTF_8);
  }
}
