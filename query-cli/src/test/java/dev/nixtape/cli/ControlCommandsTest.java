package dev.nixtape.cli;

import static dev.nixtape.cli.Asking.execute;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nixtape.cli.Asking.Result;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.ControlRecord;
import dev.nixtape.projections.control.ControlRecord.Ordered;
import dev.nixtape.projections.control.Result.Done;
import dev.nixtape.projections.control.Result.Ending;
import dev.nixtape.projections.control.Result.Expired;
import dev.nixtape.projections.control.Result.Process;
import dev.nixtape.projections.control.Result.Refused;
import dev.nixtape.projections.control.Result.Shown;
import dev.nixtape.projections.control.Result.Why;
import dev.nixtape.projections.control.SigningKey;
import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import dev.nixtape.projections.tape.Topic;
import dev.nixtape.streams.Access;
import dev.nixtape.streams.EmbeddedKafka;
import dev.nixtape.streams.StreamsNode;
import dev.nixtape.streams.StreamsSettings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Commands to builds as a shell sees them, with a real server and Kafka. What stands in for the
/// agents answers by the kind of action.
class ControlCommandsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String HOSTILE = "a\u001b[2Jb";

  @TempDir static Path directory;
  private static final ConcurrentLinkedDeque<Ordered> seen = new ConcurrentLinkedDeque<>();
  private static final SigningKey SERVER = SigningKey.generate();
  private static EmbeddedKafka kafka;
  private static StreamsNode node;
  private static Thread agents;
  private static volatile boolean over;
  private static String unix;
  private static Map<String, String> ids = new TreeMap<>();

  @BeforeAll
  static void start() throws Exception {
    kafka = EmbeddedKafka.start(directory.resolve("kafka"), freePort());
    node =
        StreamsNode.start(
            new StreamsSettings(
                kafka.bootstrapServers(),
                Map.of(),
                directory.resolve("streams"),
                "127.0.0.1",
                0,
                "one",
                1,
                (short) 1,
                Duration.ofDays(36_500),
                new Access(SERVER, directory, Optional.empty())),
            false,
            new SimpleMeterRegistry(),
            Map.of());
    assertTrue(node.awaitReady(PATIENCE), "not ready");
    unix = "unix:" + node.socket().orElseThrow();
    agents = new Thread(ControlCommandsTest::answer, "agents");
    agents.start();
    build(1, "hello-2.12");
    build(2, "curl-8.14");
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (ids.size() < 2) {
      assertTrue(System.nanoTime() < deadline, "no builds");
      Server server = new Server();
      server.address = unix;
      try {
        for (JsonNode build : server.one("/v1/builds?show=running", JsonNode.class)) {
          ids.put(build.get("name").asText(), build.get("id").asText());
        }
      } catch (Failure notYet) {
        Thread.onSpinWait();
      }
    }
  }

  @AfterAll
  static void stop() throws InterruptedException {
    over = true;
    agents.join();
    node.close();
    kafka.close();
  }

  @BeforeEach
  void forget() {
    seen.clear();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static Map<String, Object> client() {
    return Map.of("bootstrap.servers", kafka.bootstrapServers());
  }

  private static void build(int number, String name) {
    SessionId id = SessionId.at("builder-" + number, Instant.now(), number);
    Source source =
        new Source(
            Source.Kind.SOCKET,
            "boot",
            "/run/nix.sock",
            false,
            new Source.Process(77, 1000L, "alice", List.of("nix", "build")),
            null);
    String line =
        "{\"action\":\"start\",\"id\":%d,\"level\":3,\"parent\":0,\"text\":\"\",\"type\":105,\"fields\":[\"/nix/store/%s-%s.drv\",\"\",1,1]}\n"
            .formatted(number, "0".repeat(32), name);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(client(), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (LogEntry entry :
          List.of(
              new LogEntry.Opened(id, Instant.now(), source),
              new LogEntry.Lines(id, Instant.now(), 0, ByteSlice.of(line)))) {
        EntryRecord record = EntryRecord.of(entry);
        RecordHeaders headers = new RecordHeaders();
        headers.add(EntryRecord.OFFSET, record.offset().toArray());
        if (record.kind() != null) {
          headers.add(EntryRecord.KIND, record.kind().getBytes(UTF_8));
          headers.add(EntryRecord.ENTRY, Objects.requireNonNull(record.entry()).toArray());
        }
        var _ =
            producer.send(
                new ProducerRecord<>(
                    Topic.LOG.name(),
                    0,
                    record.timestamp(),
                    record.key().getBytes(UTF_8),
                    record.value().toArray(),
                    headers));
      }
    }
  }

  private static void answer() {
    TopicPartition all = new TopicPartition(Topic.CONTROL.name(), 0);
    try (KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(
                client(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(client(), new ByteArraySerializer(), new ByteArraySerializer())) {
      consumer.assign(List.of(all));
      consumer.seekToBeginning(List.of(all));
      while (!over) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
          if (ControlRecord.read(record.value(), name -> record.headers().lastHeader(name).value())
              instanceof Ordered order) {
            answer(order, record.offset(), producer);
          }
        }
      }
    }
  }

  private static void answer(Ordered order, long offset, KafkaProducer<byte[], byte[]> producer) {
    Command command = order.command();
    seen.add(order);
    Ending ending = ending(command.action());
    if (ending != null) {
      var _ =
          producer.send(
              new ProducerRecord<>(
                  Topic.CONTROL.name(),
                  null,
                  command.host().getBytes(UTF_8),
                  Json.write(
                      new dev.nixtape.projections.control.Result(
                          command.id(), command.host(), offset, Instant.now(), ending)),
                  new RecordHeaders().add(ControlRecord.KIND, "result".getBytes(UTF_8))));
    }
  }

  private static @Nullable Ending ending(Action action) {
    return switch (action) {
      case Action.Kill _ -> new Done(List.of("wrote 1 to cgroup.kill", HOSTILE));
      case Action.Freeze _ -> new Refused(Why.NOT_ALLOWED, "no rule lets you freeze it");
      case Action.Thaw _ -> new Expired(1500);
      case Action.Processes _ ->
          new Shown(
              List.of(
                  new Process(4711, 4710, "R", 75_000, 4096, List.of("bash", "-e", "builder.sh")),
                  new Process(4712, 4711, "S", 10, 1 << 20, List.of("make", HOSTILE))),
              null);
      case Action.Environment _ ->
          new Shown(null, new TreeMap<>(Map.of("name", "hello", "TOKEN", "***")));
      case Action.Nice _, Action.Limit _ -> new Done(List.of("wrote"));
      case Action.Signal _ -> null;
    };
  }

  private static Result run(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--server", unix));
    return execute(all.toArray(String[]::new));
  }

  private static String id(String name) {
    return Objects.requireNonNull(ids.get(name));
  }

  private static Command ordered() {
    assertEquals(1, seen.size(), "commands");
    return seen.getFirst().command();
  }

  @Test
  void aKilledBuildIsToldWithWhatWasDone() {
    Result result = run("kill", id("hello-2.12").substring(0, 8), "--reason", "too loud");

    assertEquals(0, result.status(), result.err());
    assertTrue(
        result
            .out()
            .lines()
            .anyMatch(line ->
                line.matches(
                    id("hello-2.12").substring(0, 8)
                        + " +hello-2.12 +builder-1 +done +wrote 1 to cgroup.kill; a \\[2Jb")),
        result.out());
    Command command = ordered();
    assertEquals(new Action.Kill(), command.action());
    assertEquals("too loud", command.reason());
    assertEquals(System.getProperty("user.name"), command.issuer());
    assertEquals(SERVER.publicKey(), seen.getFirst().key());
  }

  @Test
  void howItEndedIsTheExitStatus() {
    assertEquals(Failure.REFUSED, run("freeze", id("hello-2.12")).status());
    assertEquals(Failure.EXPIRED, run("thaw", id("hello-2.12")).status());
    Result silence = run("signal", id("hello-2.12"), "SIGQUIT", "--deadline", "1s");
    assertEquals(Failure.NO_ANSWER, silence.status());
    assertTrue(
        silence.out().contains("'nixtape control agent' running on builder-1"), silence.out());
    assertEquals(Failure.NOTHING_FOUND, run("kill", "zzzzzzzz").status());
    assertEquals(Failure.NOTHING_FOUND, run("kill", "x", "--key", "/nowhere/key").status());
    Result near = run("kill", "--drv", "helo");
    assertEquals(Failure.NOTHING_FOUND, near.status());
    assertTrue(near.err().contains("near: hello"), near.err());
    assertEquals(
        Failure.NO_SERVER, execute("kill", "x", "--server", "unix:/nowhere/x.sock").status());
  }

  @Test
  void whyAnAgentRefusedIsSaid() {
    Result result = run("freeze", "--drv", "curl");

    assertTrue(
        result.out().contains("refused  not-allowed: no rule lets you freeze it"), result.out());
  }

  @Test
  void moreThanOneBuildIsNotTouchedUnasked() {
    Result result = run("kill", "--all");

    assertEquals(Failure.USAGE, result.status());
    assertTrue(result.out().contains("hello-2.12") && result.out().contains("curl-8.14"));
    assertTrue(result.err().contains("--yes"), result.err());
    assertTrue(seen.isEmpty());
  }

  @Test
  void withYesAllAreKilled() {
    Result result = run("kill", "--all", "--yes");

    assertEquals(0, result.status(), result.err());
    assertEquals(2, seen.size());
  }

  @Test
  void whoIsAskedMustSayYes() throws IOException {
    for (Map.Entry<String, Boolean> answer :
        Map.of(
                "y\n",
                true,
                "Yes \n",
                true,
                "\n",
                false,
                "no\n",
                false,
                "yesterday\n",
                false,
                "",
                false)
            .entrySet()) {
      StringWriter asked = new StringWriter();
      assertEquals(
          answer.getValue(),
          Orders.agreed(
              "kill these 2 builds? [y/N] ",
              Optional.of(new StringReader(answer.getKey())),
              new PrintWriter(asked)),
          answer.getKey());
      assertEquals("kill these 2 builds? [y/N] ", asked.toString());
    }
    Failure nobody =
        assertThrows(
            Failure.class,
            () -> Orders.agreed("", Optional.empty(), new PrintWriter(new StringWriter())));
    assertEquals(Failure.USAGE, nobody.exitCode());
  }

  @Test
  void aDryRunOnlyTells() {
    Result result = run("kill", "--user", "alice", "--dry-run");

    assertEquals(0, result.status(), result.err());
    assertTrue(
        result.out().lines().anyMatch(line -> line.matches(".* hello-2.12 .* alice +builder-1")),
        result.out());
    assertTrue(seen.isEmpty());
  }

  @Test
  void aKeyOfOnesOwnSigns() throws IOException {
    SigningKey key = SigningKey.generate();
    Path file = Files.writeString(directory.resolve("key"), key.toPem(), US_ASCII);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));

    // Where nobody knows who asks, too.
    Result result =
        execute(
            "kill",
            id("hello-2.12"),
            "--key",
            file.toString(),
            "--deadline",
            "5m",
            "--server",
            node.address());

    assertEquals(0, result.status(), result.err());
    assertEquals(key.publicKey(), seen.getFirst().key());
    assertTrue(SigningKey.signed(seen.getFirst()));
    assertEquals(ordered().at().plus(Duration.ofMinutes(5)), ordered().deadline());
    assertEquals(System.getProperty("user.name"), ordered().issuer());
  }

  @Test
  void aKeyThatOthersCanReadIsNoneAndWithoutOneNobodyKnowsWhoAsks() throws IOException {
    Path file = Files.writeString(directory.resolve("open"), SigningKey.generate().toPem());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Result open = run("kill", id("hello-2.12"), "--key", file.toString());
    assertEquals(Failure.FAILED, open.status());
    assertTrue(open.err().contains("no secret any more"), open.err());

    Result unknown = execute("kill", id("hello-2.12"), "--server", node.address());
    assertEquals(Failure.REFUSED, unknown.status());
    assertTrue(unknown.err().contains("UNIX socket"), unknown.err());
    assertTrue(seen.isEmpty());
  }

  @Test
  void weightsLimitsAndSignalsAreReadAsPeopleWriteThem() {
    assertAction(new Action.Nice(20), "nice", id("hello-2.12"), "20");
    assertAction(new Action.Nice(1), "nice", id("hello-2.12"), "--nice", "19");
    assertAction(Action.Nice.ofNice(-5), "nice", id("hello-2.12"), "--nice", "-5");
    assertAction(
        new Action.Limit(150L, 4L << 30, 3L << 30, 50L << 20),
        "limit",
        id("hello-2.12"),
        "--cpu",
        "150%",
        "--memory",
        "4G",
        "--memory-high",
        "3GiB",
        "--io",
        "50M");
    assertAction(
        new Action.Limit(Action.Limit.MAX, null, null, Action.Limit.MAX),
        "limit",
        id("hello-2.12"),
        "--cpu",
        "max",
        "--io",
        "max");
    seen.clear();
    run("signal", id("hello-2.12"), "sigterm", "--deadline", "1s");
    assertEquals(new Action.Signal("TERM"), ordered().action());
  }

  private static void assertAction(Action expected, String... args) {
    seen.clear();
    Result result = run(args);
    assertEquals(0, result.status(), result.err());
    assertEquals(expected, ordered().action());
  }

  @Test
  void processesAreATable() {
    Result result = run("ps", id("hello-2.12"));

    assertEquals(0, result.status(), result.err());
    assertEquals(
        """
         PID  PPID  S    CPU      RSS  COMMAND
        4711  4710  R  1m 15s  4.0 KiB  bash -e builder.sh
        4712  4711  S    10ms  1.0 MiB  make a [2Jb
        """
            .replaceAll(" +", " "),
        result.out().replaceAll(" +", " "));
  }

  @Test
  void anEnvironmentIsToldForEveryBuildAtOnceAndUnasked() {
    Result result = run("env", "--all", "-o", "csv");

    assertEquals(0, result.status(), result.err());
    assertTrue(result.out().startsWith("build,name,value\n"), result.out());
    assertEquals(5, result.out().lines().count());
    assertTrue(result.out().contains(",TOKEN,***\n"), result.out());
  }

  @Test
  void asJsonEverythingIsThere() throws IOException {
    Result result = run("kill", id("hello-2.12"), "-o", "json");

    JsonNode told = Json.MAPPER.readTree(result.out());
    assertEquals("done", told.at("/0/command/result/ending/ended").asText(), result.out());
    assertEquals(id("hello-2.12"), told.at("/0/build/id").asText());
    assertEquals("builder-1", told.at("/0/host").asText());
  }

  @Test
  void theAuditTellsWhoDidWhatAndHowItEnded() {
    assertEquals(Failure.REFUSED, run("freeze", id("curl-8.14"), "--reason", HOSTILE).status());

    Result result = run("audit", "--since", "1h", "--host", "builder-2");

    assertEquals(0, result.status(), result.err());
    assertTrue(
        result
            .out()
            .lines()
            .anyMatch(line ->
                line.matches(
                    ".* %s +freeze +%s +curl-8.14 +builder-2 +refused +a \\[2Jb +not-allowed: .*"
                        .formatted(
                            System.getProperty("user.name"), id("curl-8.14").substring(0, 8)))),
        result.out());
    assertFalse(result.out().contains("hello"), result.out());
    assertTrue(
        run("audit", "-o", "csv").out().startsWith("time,by,did,build,name,host,result,"),
        "no csv");
  }

  @Test
  void wrongUsageIsStatusTwo() {
    for (String[] wrong :
        new String[][] {
          {"kill"},
          {"kill", "x", "--all"},
          {"kill", "x", "--drv", "y"},
          {"kill", "x", "--deadline", "11m"},
          {"kill", "x", "--deadline", "0s"},
          {"kill", "x", "--deadline", "soon"},
          {"nice"},
          {"nice", "x"},
          {"nice", "x", "0"},
          {"nice", "50"},
          {"nice", "x", "--nice", "20"},
          {"limit", "x"},
          {"limit", "x", "--cpu", "0"},
          {"limit", "x", "--memory", "4GB"},
          {"limit", "x", "--memory", "999999999999T"},
          {"limit", "x", "--cpu", "much"},
          {"signal"},
          {"signal", "TERM"},
          {"signal", "x", "9"},
          {"audit", "--since", "yesterday"},
          {"up", "--listen", "0.0.0.0:0"},
          {"up", "--listen", "0.0.0.0:0", "--tokens", "x"},
          {"streams", "--listen", "192.0.2.1:7070"}
        }) {
      Result result = execute(wrong);
      assertEquals(Failure.USAGE, result.status(), String.join(" ", wrong) + ": " + result.err());
      assertFalse(result.err().isEmpty());
    }
  }

  @Test
  void anAddressThatOthersReachIsRefusedWithTheOptionsThatAreMissing() {
    Result result = execute("streams", "--listen", "192.0.2.1:7070");

    for (String option : List.of("--tls-key-store", "--tls-password-file", "--tokens")) {
      assertTrue(result.err().contains(option), result.err());
    }
  }

  @Test
  void anyQuestionCanBeAskedAtTheSocket() {
    Result result = run("builds", "--running", "-o", "csv");

    assertEquals(0, result.status(), result.err());
    assertTrue(result.out().contains("hello-2.12"), result.out());
  }
}
