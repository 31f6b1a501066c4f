package dev.nixtape.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.ingest.Delivery;
import dev.nixtape.ingest.Host;
import dev.nixtape.ingest.PipeSource;
import dev.nixtape.ingest.Recorder;
import dev.nixtape.ingest.RecorderSettings;
import dev.nixtape.ingest.Recording;
import dev.nixtape.projections.tape.LogEntry.Ending;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is recorded, against real brokers.
class RealKafkaTest {
  private static final TopicPartition LOG = new TopicPartition("nixtape.log", 0);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  @Test
  void theLogsOrderIsTheStreamsWhileThePartitionsLeaderChanges() throws Exception {
    try (Cluster kafka = new Cluster(folder, 2, "PLAINTEXT", Map.of());
        Admin admin = kafka.admin(Map.of());
        Recorder recorder = recorder(kafka, Map.of())) {
      kafka.makeLog(admin);
      recorder.requireLog(PATIENCE);
      Source source = new Source(Source.Kind.PIPE, "boot", "", false, null, null);
      Recording recording = recorder.record(SessionId.at("hostA", Instant.now(), 1), source);
      StringBuilder sent = new StringBuilder();
      int leader = 1;
      for (int number = 0; number < 30_000; number++) {
        String line = "line " + number + "\n";
        sent.append(line);
        recording.take(ByteBuffer.wrap(line.getBytes(UTF_8)));
        if (number % 3000 == 1500) {
          leader = 3 - leader;
          lead(admin, leader);
        }
      }
      recording.end(Ending.end());

      assertTrue(recorder.awaitPublished(PATIENCE));
      assertEquals(sent.toString(), stream(kafka));
    }
  }

  @Test
  void nothingOvertakesWhatAKafkaForSmallRecordsRefuses() throws Exception {
    try (Cluster kafka = new Cluster(folder, 1, "PLAINTEXT", Map.of());
        Admin admin = kafka.admin(Map.of());
        Recorder recorder = recorder(kafka, Map.of())) {
      Source source = new Source(Source.Kind.PIPE, "boot", "", false, null, null);
      Recording recording = recorder.record(SessionId.at("hostA", Instant.now(), 1), source);
      // At first what hardly compresses and is refused, then what Kafka would take.
      StringBuilder sent = new StringBuilder();
      Random random = new Random(1);
      byte[] bytes = new byte[9_000];
      for (int number = 0; number < 800; number++) {
        String line = "a line and another\n".repeat(600);
        if (number < 40) {
          random.nextBytes(bytes);
          line = Base64.getEncoder().encodeToString(bytes) + "\n";
        }
        sent.append(line);
        recording.take(ByteBuffer.wrap(line.getBytes(UTF_8)));
      }
      recording.end(Ending.end());
      kafka.makeLog(admin, Map.of("max.message.bytes", "50000"));

      assertTrue(recorder.awaitPublished(PATIENCE));
      assertEquals(sent.toString(), stream(kafka));
    }
  }

  /// Returns when that broker leads the partition.
  private static void lead(Admin admin, int leader) throws Exception {
    List<Integer> replicas = List.of(leader, 3 - leader);
    admin
        .alterPartitionReassignments(
            Map.of(LOG, Optional.of(new NewPartitionReassignment(replicas))))
        .all()
        .get();
    while (!admin.listPartitionReassignments().reassignments().get().isEmpty()) {
      Thread.onSpinWait();
    }
    admin.electLeaders(ElectionType.PREFERRED, Set.of(LOG)).partitions().get();
  }

  @Test
  void aBrokerThatRefusesTheCredentialsIsNamedAndNothingIsLost() throws Exception {
    Map<String, String> sasl =
        Map.of(
            "sasl.enabled.mechanisms", "PLAIN",
            "sasl.mechanism.inter.broker.protocol", "PLAIN",
            "listener.name.sasl_plaintext.plain.sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"nixtape\" password=\"right\" user_nixtape=\"right\";");
    try (Cluster kafka = new Cluster(folder, 1, "SASL_PLAINTEXT", sasl);
        Admin admin = kafka.admin(client("right"))) {
      kafka.makeLog(admin);
      try (Recorder refused = recorder(kafka, client("wrong"))) {
        new PipeSource(refused, OutputStream.nullOutputStream(), false)
            .record(new ByteArrayInputStream("a line\n".getBytes(UTF_8)));

        IOException e =
            assertThrows(IOException.class, () -> refused.requireLog(Duration.ofSeconds(5)));
        assertEquals(
            "Kafka at %s refuses: Authentication failed: Invalid username or password"
                .formatted(kafka.bootstrapServers()),
            e.getMessage());
        Delivery delivery = refused.close(Duration.ZERO);
        assertTrue(delivery.waiting() > 0, delivery.toString());
      }

      try (Recorder next = recorder(kafka, client("right"))) {
        next.requireLog(PATIENCE);
        while (next.leftBytes() > 0 || stream(kafka, client("right")).isEmpty()) {
          Thread.onSpinWait();
        }
        assertEquals("a line\n", stream(kafka, client("right")));
      }
    }
  }

  private static Map<String, String> client(String password) {
    return Map.of(
        "security.protocol", "SASL_PLAINTEXT",
        "sasl.mechanism", "PLAIN",
        "sasl.jaas.config",
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"nixtape\" password=\"%s\";"
                .formatted(password));
  }

  private Recorder recorder(Cluster kafka, Map<String, String> client) throws IOException {
    return Recorder.ofCommand(
        new RecorderSettings(
            folder.resolve("spool"),
            RecorderSettings.DEFAULT_LIMIT,
            false,
            kafka.bootstrapServers(),
            client),
        Host.named("hostA"),
        _ -> {});
  }

  private static String stream(Cluster kafka) {
    return stream(kafka, Map.of());
  }

  /// The values of all records, one behind the other.
  private static String stream(Cluster kafka, Map<String, String> client) {
    Map<String, Object> settings = new HashMap<>(client);
    settings.put("bootstrap.servers", kafka.bootstrapServers());
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(LOG));
      consumer.seekToBeginning(List.of(LOG));
      long end = consumer.endOffsets(List.of(LOG)).getOrDefault(LOG, 0L);
      while (consumer.position(LOG) < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          stream.writeBytes(record.value());
        }
      }
    }
    return stream.toString(UTF_8);
  }
}
