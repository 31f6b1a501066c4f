package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.ByteSlice;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChunkerTest {
  private static final int LIMIT = 64;

  private record Chunk(long offset, ByteSlice bytes, boolean startsLine) {
    boolean endsLine() {
      return bytes.at(bytes.length() - 1) == '\n';
    }
  }

  private final List<Chunk> chunks = new ArrayList<>();
  private final Chunker chunker = new Chunker(LIMIT);

  @Test
  void linesThatArriveTogetherAreOneChunk() {
    take("one\ntwo\nthree\n");

    assertEquals(List.of("one\ntwo\nthree\n"), texts());
  }

  @Test
  void aLineInPartsWaitsForItsNewline() {
    take("one\ntw");
    take("o");
    assertEquals(List.of("one\n"), texts());

    take("\nthree");

    assertEquals(List.of("one\n", "two\n"), texts());
  }

  @Test
  void linesBeyondTheLimitGoIntoTheNextChunk() {
    String line = "x".repeat(19) + "\n";

    take(line.repeat(5));

    assertEquals(List.of(line.repeat(3), line.repeat(2)), texts());
  }

  @Test
  void aLineLongerThanAChunkGoesOutInPiecesAsItArrives() {
    take("a".repeat(50));
    take("b".repeat(50));
    assertEquals(List.of("a".repeat(50) + "b".repeat(14)), texts());

    take("c\nd\n");

    assertEquals("b".repeat(36) + "c\nd\n", texts().get(1));
    assertTrue(!chunks.get(1).startsLine());
    assertEquals(LIMIT, chunks.get(1).offset());
  }

  @Test
  void theEndOfTheStreamSendsTheUnfinishedLine() {
    take("one\ntwo");

    chunker.end(this::add);

    assertEquals(List.of("one\n", "two"), texts());
  }

  @Test
  void anEmptyStreamHasNoChunk() {
    chunker.end(this::add);

    assertTrue(chunks.isEmpty());
  }

  @Test
  void everyByteOfAnyStreamCutAnywhereIsInOneChunkInOrder() {
    for (int seed = 0; seed < 2000; seed++) {
      Random random = new Random(seed);
      byte[] stream = randomStream(random);
      List<Chunk> published = new ArrayList<>();
      Chunker any = new Chunker(LIMIT);
      Chunker.Sink sink =
          (offset, bytes, startsLine) ->
              published.add(new Chunk(offset, ByteSlice.of(bytes), startsLine));
      for (int at = 0; at < stream.length; ) {
        int length = Math.min(1 + random.nextInt(100), stream.length - at);
        any.take(ByteBuffer.wrap(stream, at, length), sink);
        at += length;
      }
      any.end(sink);
      assertWhole(stream, published, "seed " + seed);
    }
  }

  private static byte[] randomStream(Random random) {
    byte[] stream = new byte[random.nextInt(1000)];
    int lineLength = 1 + random.nextInt(120);
    for (int i = 0; i < stream.length; i++) {
      stream[i] = random.nextInt(lineLength) == 0 ? (byte) '\n' : (byte) random.nextInt(256);
    }
    return stream;
  }

  private static void assertWhole(byte[] stream, List<Chunk> published, String seed) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    boolean atLineStart = true;
    for (int i = 0; i < published.size(); i++) {
      Chunk chunk = published.get(i);
      assertEquals(all.size(), chunk.offset(), seed);
      assertTrue(!chunk.bytes().isEmpty() && chunk.bytes().length() <= LIMIT, seed);
      assertEquals(atLineStart, chunk.startsLine(), seed);
      assertTrue(
          chunk.endsLine() || chunk.bytes().length() == LIMIT || i == published.size() - 1, seed);
      if (!chunk.endsLine() && chunk.startsLine()) {
        assertEquals(-1, chunk.bytes().indexOf((byte) '\n', 0), seed);
      }
      atLineStart = chunk.endsLine();
      all.writeBytes(chunk.bytes().toArray());
    }
    assertArrayEquals(stream, all.toByteArray(), seed);
  }

  private void take(String text) {
    chunker.take(ByteBuffer.wrap(text.getBytes(UTF_8)), this::add);
  }

  private void add(long offset, byte[] bytes, boolean startsLine) {
    chunks.add(new Chunk(offset, ByteSlice.of(bytes), startsLine));
  }

  private List<String> texts() {
    return chunks.stream().map(chunk -> chunk.bytes().toString()).toList();
  }
}
