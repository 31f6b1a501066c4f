package dev.nixtape.streams;

import static dev.nixtape.streams.TestNode.awaitAnswer;
import static dev.nixtape.streams.TestNode.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.control.HostSample.BuildUse;
import dev.nixtape.projections.control.HostSample.Machine;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Report;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Topic;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the control agents of two hosts tell, on a real broker, with two instances to ask.
class AgentsTest {
  private static final Instant AT = Instant.parse("2026-01-31T14:03:00Z");
  private static final String MACHINE = "ssh-ng://nix@builder-7.example.org";

  @TempDir static Path directory;
  private static EmbeddedKafka kafka;
  private static List<StreamsNode> nodes;
  private static KafkaProducer<String, byte[]> producer;
  private static long seconds;

  @BeforeAll
  static void start() throws Exception {
    kafka = EmbeddedKafka.start(directory.resolve("kafka"), EmbeddedKafka.freePort());
    nodes =
        List.of(
            TestNode.start(kafka, directory, "one", false),
            TestNode.start(kafka, directory, "two", false));
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new StringSerializer(),
            new ByteArraySerializer());
  }

  @AfterAll
  static void stop() {
    producer.close();
    nodes.forEach(StreamsNode::close);
    kafka.close();
  }

  private static int partition(String host) {
    return host.equals("laptop") ? 0 : 1;
  }

  private static void publish(String host, List<LogEntry> entries) {
    Shim.publish(kafka, entries, partition(host));
  }

  private static void report(String host, Instant at, Report report) {
    publish(host, List.of(new LogEntry.Reported(new SessionId(host, "agent"), at, report)));
  }

  /// Samples as an agent sends them, one after the other, until every instance answers.
  private static void awaitWhileSampled(
      String path, String drvPath, boolean frozen, Predicate<JsonNode> expected) {
    for (StreamsNode node : nodes) {
      awaitAnswer(
          node,
          path,
          answer -> {
            boolean come = expected.test(answer);
            if (!come) {
              seconds++;
              sample("laptop", List.of());
              sample("builder-7", List.of(use(drvPath, frozen)));
            }
            return come;
          });
    }
  }

  /// Half a processor.
  private static BuildUse use(String drvPath, boolean frozen) {
    return new BuildUse(
        drvPath, AT, frozen, 400 * seconds, 100 * seconds, 1 << 20, 1 << 21, null, null, 3, null);
  }

  private static void sample(String host, List<BuildUse> builds) {
    HostSample sample =
        new HostSample(
            host,
            "boot",
            AT.plusSeconds(seconds),
            List.of(2.5, 1.0, 0.5),
            8,
            4096,
            1024,
            null,
            9000,
            2000,
            builds,
            host.equals("laptop")
                ? List.of(new Machine(MACHINE, List.of("x86_64-linux"), 4, 1))
                : List.of());
    var _ =
        producer.send(
            new ProducerRecord<>(
                Topic.HOSTS.name(), partition(host), null, host, Json.write(sample)));
    producer.flush();
  }

  private static Predicate<JsonNode> only(Predicate<JsonNode> row) {
    return rows -> rows.size() == 1 && row.test(rows.get(0));
  }

  @Test
  void whatRunsIsShownWithWhatItUsesAndSoAreItsHostAndTheMachines() throws Exception {
    String drvPath = Shim.drvPath(1, "live-1.0");
    publish("builder-7", Shim.begin("builder-7", drvPath, "", AT));

    awaitWhileSampled(
        "/v1/builds?show=running&name=live-1.0",
        drvPath,
        false,
        only(build ->
            build.at("/now/cpuPercent").asLong() == 50
                && build.at("/now/memory").asLong() == 1 << 20
                && !build.at("/now/frozen").asBoolean(true)));
    awaitWhileSampled(
        "/v1/builds?show=running&name=live-1.0",
        drvPath,
        true,
        only(build -> build.at("/now/frozen").asBoolean()));
    awaitWhileSampled(
        "/v1/hosts",
        drvPath,
        false,
        hosts ->
            hosts.findValuesAsText("host").containsAll(List.of("builder-7", "laptop"))
                && hosts.get(0).at("/now/load/0").asDouble() == 2.5
                && hosts.get(0).get("running").asLong() > 0);
    awaitWhileSampled(
        "/v1/machines",
        drvPath,
        false,
        only(machine ->
            machine.get("uri").asText().equals(MACHINE)
                && machine.get("used").asLong() == 1
                && machine.at("/hosts/0/host").asText().equals("laptop")));

    publish("builder-7", Shim.end("builder-7", drvPath, "", AT, AT.plusSeconds(60)));
    for (StreamsNode node : nodes) {
      awaitAnswer(
          node,
          "/v1/builds?name=live-1.0",
          only(build -> build.get("now").isNull() && !build.get("finishedAt").isNull()));
    }
  }

  @Test
  void whoInterruptedABuildAndWhatItUsedIsInItsFactAndInTheSums() throws Exception {
    String drvPath = Shim.drvPath(1, "killed-1.0");
    Instant began = AT.plusSeconds(1000);
    publish("laptop", Shim.begin("laptop", drvPath, "", began));
    report(
        "laptop",
        began.plusMillis(500),
        new Report.Killing(drvPath, "command", "alice", "it hangs"));
    publish("laptop", Shim.end("laptop", drvPath, "", began, began.plusSeconds(60)));
    report(
        "laptop",
        began.plusSeconds(61),
        new Report.Used(drvPath, 120_000, 4_000, 1 << 30, 100L, 23L));

    for (StreamsNode node : nodes) {
      awaitAnswer(
          node,
          "/v1/builds?name=killed-1.0",
          only(build ->
              build.get("outcome").asText().equals("interrupted")
                  && build
                      .get("reason")
                      .asText()
                      .equals("interrupted by alice via nixtape: it hangs")
                  && build.get("cpuUserMs").asLong() == 120_000
                  && build.get("ioBytes").asLong() == 123));
      awaitAnswer(
          node,
          "/v1/stats?drv=killed",
          stats ->
              stats.at("/kinds/0/measured").asLong() == 1
                  && stats.at("/kinds/0/cpuMs").asLong() == 124_000);
      awaitAnswer(
          node,
          "/v1/cost?by=pname",
          costs -> {
            for (JsonNode row : costs.get("rows")) {
              if (row.get("key").asText().equals("killed")) {
                return row.get("ms").asLong() == 124_000 && row.get("cpuMs").asLong() == 124_000;
              }
            }
            return false;
          });
    }
  }

  /// The asking host is in one partition, the machine in the other, and each instance has one.
  @Test
  void aBuildThatWasSentToAMachineThatRecordsIsOne() throws Exception {
    String drvPath = Shim.drvPath(1, "sent-1.0");
    String all = "/v1/builds?name=sent-1.0";
    Instant asked = AT.plusSeconds(2000);
    Instant began = asked.plusSeconds(10);
    publish("laptop", Shim.begin("laptop", drvPath, MACHINE, asked));
    publish("builder-7", Shim.begin("builder-7", drvPath, "", began));

    awaitWhileSampled(
        all,
        drvPath,
        false,
        only(build ->
            build.get("host").asText().equals("laptop")
                && build.get("finishedAt").isNull()
                && build.at("/remote/host").asText().equals("builder-7")
                && build.at("/now/cpuPercent").asLong() == 50));
    publish("builder-7", Shim.end("builder-7", drvPath, "", began, began.plusSeconds(40)));
    report(
        "builder-7",
        began.plusSeconds(41),
        new Report.Used(drvPath, 70_000, 1_000, 1 << 30, null, null));
    for (StreamsNode node : nodes) {
      awaitAnswer(
          node,
          all,
          only(build ->
              build.get("finishedAt").isNull()
                  && !build.at("/remote/finishedAt").isNull()
                  && build.get("cpuUserMs").asLong() == 70_000));
    }
    publish("laptop", Shim.end("laptop", drvPath, MACHINE, asked, asked.plusSeconds(60)));
    for (StreamsNode node : nodes) {
      awaitAnswer(
          node,
          all,
          only(build ->
              build.get("durationMs").asLong() == 60_000
                  && build.at("/remote/outsideMs").asLong() == 20_000
                  && build.get("cpuUserMs").asLong() == 70_000));
      // Whoever asks for one by its id or its host sees the same.
      JsonNode one = get(node, all).get(0);
      assertEquals(one, get(node, "/v1/builds/" + one.get("id").asText()));
      JsonNode machines = get(node, all + "&host=builder-7");
      assertEquals(1, machines.size());
      assertEquals(one.at("/remote/id"), machines.get(0).get("id"));
      assertTrue(machines.get(0).get("remote").isNull());
    }
  }
}
