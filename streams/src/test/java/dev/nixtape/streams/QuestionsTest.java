package dev.nixtape.streams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class QuestionsTest {
  private static String answer(Supplier<Stream<?>> rows) throws IOException {
    try (QueryServer server = QueryServer.bind("127.0.0.1", 0, Optional.empty())) {
      server.serve(exchange -> Questions.sendAll(exchange, rows.get()));
      try (InputStream answer = URI.create(server.address()).toURL().openStream()) {
        return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        return "cut off";
      }
    }
  }

  @Test
  void aWholeAnswerIsAnArray() throws IOException {
    assertEquals("[1,2]", answer(() -> Stream.of(1, 2)));
    assertEquals("[]", answer(Stream::of));
  }

  @Test
  void anAnswerThatFailsOnItsWayDoesNotLookWhole() throws IOException {
    String half =
        answer(() ->
            Stream.of(1, 2, 3)
                .map(row -> {
                  if (row == 3) {
                    throw new UncheckedIOException(new IOException("the store is gone"));
                  }
                  return row;
                }));

    assertFalse(half.endsWith("]"), half);
  }
}
