package dev.nixtape.projections;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteSliceTest {
  @Test
  void aByteIsFoundWhereverItStands() {
    Random random = new Random(7);
    for (int round = 0; round < 100_000; round++) {
      byte[] array = new byte[random.nextInt(40)];
      for (int i = 0; i < array.length; i++) {
        array[i] =
            (byte) (random.nextInt(4) == 0 ? '\n' : "\u000b\t\n\u008a".charAt(random.nextInt(4)));
      }
      int from = random.nextInt(array.length + 1);
      ByteSlice slice = ByteSlice.of(array, from, from + random.nextInt(array.length - from + 1));
      int start = random.nextInt(slice.length() + 1);
      int expected = -1;
      for (int i = slice.length() - 1; i >= start; i--) {
        if (slice.at(i) == '\n') {
          expected = i;
        }
      }
      assertEquals(expected, slice.indexOf((byte) '\n', start));
    }
  }

  @Test
  void theFirstNewlineIsFoundAmongAnyBytes() {
    Random random = new Random(1);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextInt(60)];
      for (int i = 0; i < bytes.length; i++) {
        // neighbours of the newline, with and without the high bit, are what a word-wise search may
        // mistake for it
        bytes[i] = (byte) (random.nextInt(4) * 0x40 + 9 + random.nextInt(3));
      }
      int from = random.nextInt(bytes.length + 1);
      int to = from + random.nextInt(bytes.length - from + 1);
      int expected = -1;
      for (int i = to - 1; i >= from; i--) {
        expected = bytes[i] == '\n' ? i : expected;
      }

      assertEquals(expected, ByteSlice.indexOf(bytes, (byte) '\n', from, to));
    }
  }
}
