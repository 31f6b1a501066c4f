package dev.nixtape.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LineEndTest {
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

      assertEquals(expected, LineEnd.find(bytes, from, to));
    }
  }
}
