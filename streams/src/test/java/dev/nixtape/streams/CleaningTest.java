package dev.nixtape.streams;

import static dev.nixtape.streams.TestNode.awaitAnswer;
import static dev.nixtape.streams.TestNode.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against a real broker: what is deleted is gone from the log, the facts and the answers.
class CleaningTest {
  /// Each of the first two recordings is of one build.
  private static final long RECORDED = 2;

  @TempDir Path directory;

  @Test
  void whatIsOlderThanADayIsGoneEverywhereAndRecordingGoesOn() throws Exception {
    try (EmbeddedKafka kafka =
            EmbeddedKafka.start(directory.resolve("kafka"), EmbeddedKafka.freePort());
        StreamsNode node = TestNode.start(kafka, directory, "one", false);
        Cleaning cleaning = new Cleaning(kafka.bootstrapServers(), Map.of())) {
      publish(kafka, 1, "failure.client");
      publish(kafka, 2, "success.worker");
      awaitAnswer(node, "/v1/stats", stats -> counted(stats) == RECORDED);

      List<Cleaning.Part> nothing = cleaning.plan(Instant.parse("2026-01-31T00:00:00Z"));
      assertEquals(List.of(0L, 0L), nothing.stream().map(Cleaning.Part::records).toList());
      cleaning.carryOut(nothing, Instant.parse("2026-01-31T00:00:00Z"));
      assertEquals(RECORDED, counted(get(node, "/v1/stats")));

      Instant next = Instant.parse("2026-02-01T00:00:00Z");
      List<Cleaning.Part> all = cleaning.plan(next);
      assertTrue(all.stream().allMatch(part -> part.records() > 0), all::toString);
      assertEquals(all.getFirst().of(), all.getFirst().records(), "all of the log");
      cleaning.carryOut(all, next);
      awaitAnswer(node, "/v1/stats", stats -> counted(stats) == 0);
      assertEquals(0, get(node, "/v1/builds?show=all").size());
      assertEquals(0, get(node, "/v1/history").size());
      assertEquals(0, cleaning.plan(next).getFirst().records());

      publish(kafka, 3, "keep-going.client");
      awaitAnswer(node, "/v1/stats", stats -> counted(stats) > 0);
    }
  }

  private static void publish(EmbeddedKafka kafka, int number, String recording) {
    Shim.publish(kafka, Shim.session("h", number, Shim.recording(recording), 700), 0);
  }

  private static long counted(JsonNode stats) {
    long count = 0;
    for (JsonNode kind : stats.get("kinds")) {
      count += kind.get("count").asLong();
    }
    return count;
  }
}
