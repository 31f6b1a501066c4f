package dev.nixtape.streams;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.control.SigningKey;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// An instance on a broker of its test, asked as everybody asks.
final class TestNode {
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private TestNode() {}

  /// One that is ready; its stores are in a folder of its name.
  static StreamsNode start(EmbeddedKafka kafka, Path directory, String name, boolean rebuild)
      throws Exception {
    return start(settings(kafka, directory, name, "127.0.0.1", Optional.empty()), rebuild);
  }

  static StreamsSettings settings(
      EmbeddedKafka kafka,
      Path directory,
      String name,
      String listenHost,
      Optional<Access.Guard> guard) {
    return new StreamsSettings(
        kafka.bootstrapServers(),
        Map.of(),
        directory.resolve(name),
        listenHost,
        0,
        name,
        2,
        (short) 1,
        Duration.ofDays(36_500),
        new Access(SigningKey.generate(), directory.resolve("run"), guard));
  }

  static StreamsNode start(StreamsSettings settings, boolean rebuild) throws Exception {
    PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    StreamsNode started =
        StreamsNode.start(
            settings,
            rebuild,
            meters,
            Map.of("/metrics", () -> new Reply(200, "text/plain; charset=utf-8", meters.scrape())));
    assertTrue(started.awaitReady(PATIENCE), "not ready");
    return started;
  }

  static HttpURLConnection open(StreamsNode asked, String path) throws IOException {
    return (HttpURLConnection) URI.create(asked.address() + path).toURL().openConnection();
  }

  static JsonNode get(StreamsNode asked, String path) throws IOException {
    try (InputStream answer = open(asked, path).getInputStream()) {
      return Json.MAPPER.readTree(answer);
    }
  }

  static void awaitAnswer(StreamsNode asked, String path, Predicate<JsonNode> expected) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    JsonNode answer = Json.MAPPER.nullNode();
    while (System.nanoTime() < deadline) {
      try {
        answer = get(asked, path);
        if (expected.test(answer)) {
          return;
        }
      } catch (IOException notYet) {
        // 503 while the stores move.
      }
      Thread.onSpinWait();
    }
    throw new AssertionError("never came: " + path + " answers " + answer);
  }
}
