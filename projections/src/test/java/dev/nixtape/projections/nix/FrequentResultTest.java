package dev.nixtape.projections.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.ByteSlice;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrequentResultTest {
  private static final String MUTATIONS = "\"\\{}[],:0a1\u0001";

  /// One reader that goes on where it was must not take anything over from the lines before.
  @Test
  void readsEachLineAsIfItWereTheFirst() {
    Random random = new Random(7);
    int frequent = 0;
    for (int round = 0; round < 3000; round++) {
      byte[] chunk = chunk(random);
      FrequentResult reader = new FrequentResult(chunk);
      ByteSlice bytes = ByteSlice.of(chunk);
      for (int from = 0; from < chunk.length; ) {
        int end = bytes.indexOf((byte) '\n', from);
        int read = reader.read(from, chunk.length);
        ByteSlice line = bytes.slice(from, end);
        if (read == end) {
          frequent++;
          assertEquals(NixLine.parse(line), reader.event(), line.toString());
        } else {
          assertTrue(new FrequentResult(chunk).read(from, end) != end, line.toString());
        }
        from = end + 1;
      }
    }
    assertTrue(frequent > 10_000);
  }

  private static byte[] chunk(Random random) {
    StringBuilder lines = new StringBuilder();
    for (int line = 0; line < 20; line++) {
      int id = random.nextInt(3);
      StringBuilder text =
          new StringBuilder(
              random.nextInt(4) == 0
                  ? "@nix {\"action\":\"result\",\"fields\":[\"made\"],\"id\":%d,\"type\":101}"
                      .formatted(id)
                  : "@nix {\"action\":\"result\",\"fields\":[%d,%d,0,%d],\"id\":%d,\"type\":105}"
                      .formatted(random.nextInt(100_000), 1000 * id, random.nextInt(2), id));
      if (random.nextInt(8) == 0) {
        int at = random.nextInt(text.length());
        text.setCharAt(at, MUTATIONS.charAt(random.nextInt(MUTATIONS.length())));
      }
      lines.append(text).append('\n');
    }
    return ByteSlice.of(lines.toString()).toArray();
  }
}
