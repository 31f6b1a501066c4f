package dev.nixtape.streams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.tape.LogEntry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against a real broker: what is deleted is gone from the log, the facts and the answers.
class CleaningTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path directory;

  @Test
  void whatIsOlderThanADayIsGoneEverywhereAndRecordingGoesOn() throws Exception {
    try (EmbeddedKafka kafka =
            EmbeddedKafka.start(directory.resolve("kafka"), StreamsNodeTest.freePort());
        StreamsNode node = start(kafka);
        Cleaning cleaning = new Cleaning(kafka.bootstrapServers(), Map.of())) {
      assertTrue(node.awaitReady(PATIENCE), "not ready");
      publish(kafka, 1, "failure.client");
      publish(kafka, 2, "success.worker");
      await(node, "/v1/stats", stats -> counted(stats) > 0 && open(node) == 0);
      long recorded = counted(ask(node, "/v1/stats"));

      List<Cleaning.Part> nothing = cleaning.plan(Instant.parse("2026-01-31T00:00:00Z"));
      assertEquals(List.of(0L, 0L), nothing.stream().map(Cleaning.Part::records).toList());
      cleaning.carryOut(nothing, Instant.parse("2026-01-31T00:00:00Z"));
      assertEquals(recorded, counted(ask(node, "/v1/stats")));

      Instant next = Instant.parse("2026-02-01T00:00:00Z");
      List<Cleaning.Part> all = cleaning.plan(next);
      assertTrue(all.stream().allMatch(part -> part.records() > 0), all::toString);
      assertEquals(all.getFirst().of(), all.getFirst().records(), "all of the log");
      cleaning.carryOut(all, next);
      await(node, "/v1/stats", stats -> counted(stats) == 0);
      assertEquals(0, ask(node, "/v1/builds?show=all").size());
      assertEquals(0, ask(node, "/v1/history").size());
      assertEquals(0, cleaning.plan(next).getFirst().records());

      publish(kafka, 3, "keep-going.client");
      await(node, "/v1/stats", stats -> counted(stats) > 0);
    }
  }

  private StreamsNode start(EmbeddedKafka kafka) throws Exception {
    return StreamsNode.start(
        new StreamsSettings(
            kafka.bootstrapServers(),
            Map.of(),
            directory.resolve("streams"),
            "127.0.0.1",
            0,
            "one",
            2,
            (short) 1,
            Duration.ofDays(36_500)),
        false,
        new SimpleMeterRegistry(),
        Map.of());
  }

  private static void publish(EmbeddedKafka kafka, int number, String recording) {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (LogEntry entry : Shim.session("h", number, Shim.recording(recording), 700)) {
        var _ = producer.send(Shim.record(entry, 0));
      }
    }
  }

  private static long counted(JsonNode stats) {
    long count = 0;
    for (JsonNode kind : stats.get("kinds")) {
      count += kind.get("count").asLong();
    }
    return count;
  }

  private static long open(StreamsNode node) throws Exception {
    return ask(node, "/v1/topics").at("/log/open").asLong();
  }

  private static JsonNode ask(StreamsNode node, String path) throws Exception {
    try (InputStream answer = URI.create(node.address() + path).toURL().openStream()) {
      return Json.MAPPER.readTree(answer);
    }
  }

  private interface Check {
    boolean test(JsonNode answer) throws Exception;
  }

  private static void await(StreamsNode node, String path, Check expected) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!expected.test(ask(node, path))) {
      assertTrue(System.nanoTime() < deadline, "never came: " + path);
      Thread.onSpinWait();
    }
  }
}
