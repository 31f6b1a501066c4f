package dev.nixtape.cli.doctor;

import static dev.nixtape.cli.doctor.Root.SOCKET;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.nixtape.cli.doctor.Finding.Level;
import dev.nixtape.projections.tape.Topic;
import dev.nixtape.streams.EmbeddedKafka;
import dev.nixtape.streams.Topics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The whole chain: files of a machine, a socket, a shim and a server over HTTP, and a real Kafka.
class DoctorTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(500);

  @TempDir static Path kafkaFolder;
  private static EmbeddedKafka kafka;

  @TempDir Path folder;
  private final Map<String, String> answers = new ConcurrentHashMap<>();
  private HttpServer server;
  private URI address;
  private Root root;
  private ServerSocketChannel socket;

  @BeforeAll
  static void startKafka() throws IOException {
    kafka = EmbeddedKafka.start(kafkaFolder.resolve("kafka"), freePort());
    try (Topics topics = new Topics(kafka.bootstrapServers(), Map.of())) {
      topics.ensure(List.of(Topic.LOG), 3, (short) 1);
    }
  }

  @AfterAll
  static void stopKafka() {
    kafka.close();
  }

  /// A machine on which all is well.
  @BeforeEach
  void start() throws IOException {
    Instant now = Instant.now();
    root =
        new Root(folder)
            .variable("PATH", "/usr/bin")
            .program("/usr/bin/nix", "echo 'nix (Nix) 2.34.8'")
            .file(
                "/etc/nix/nix.conf",
                "json-log-path = %s\nuse-cgroups = true\nexperimental-features = cgroups\n"
                    .formatted(SOCKET))
            .changed("/etc/nix/nix.conf", Root.NOW.minusSeconds(3600))
            .process(812, 1, Root.NOW, "nix-daemon", "--daemon")
            .file("/proc/812/cgroup", "0::/nix/nix-daemon\n")
            .file("/sys/fs/cgroup/cgroup.controllers", "cpu memory\n")
            .file("/sys/fs/cgroup/nix/cgroup.subtree_control", "cpu memory\n")
            .file("/run/nixtape/x", "");
    Path path = root.at(SOCKET.toString());
    socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    socket.bind(UnixDomainSocketAddress.of(path));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw-rw-"));
    answers.put("/v1/shim", ShimCheckTest.WELL.replace("kafka:9092", kafka.bootstrapServers()));
    answers.put("/v1/status", "{\"status\":\"ready\"}");
    answers.put(
        "/v1/topics",
        """
        {"topics":[],"log":{"sessions":2,"open":1,"chunks":9,"bytes":900,"lines":90,"text":0,"unrecognised":0,"gaps":0,
         "missing":0,"repeated":0},"behind":{"records":0,"millis":null}}
        """);
    answers.put(
        "/v1/hosts",
        """
        [{"host":"h","open":1,"sessions":2,"running":0,"lastAt":"%s","log":{"chunks":9,"bytes":900,"lines":90,"text":0,
         "unrecognised":0,"gaps":0,"missing":0,"repeated":0}}]
        """
            .formatted(now));
    answers.put("/v1/sessions", "[]");
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            String answer = answers.get(exchange.getRequestURI().getPath());
            byte[] body = (answer == null ? "{\"error\":\"nothing\"}" : answer).getBytes(UTF_8);
            exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    server.start();
    address = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  @AfterEach
  void stop() throws IOException {
    server.stop(0);
    socket.close();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private List<Finding> examine() {
    return examine(address);
  }

  private List<Finding> examine(URI address) {
    return Doctor.examine(
        root.machine(Instant.now()),
        new Doctor.Setup(
            "h",
            SOCKET,
            Path.of("/var/lib/nixtape/spool"),
            List.of(URI.create(address + "/v1/shim"), URI.create(address + "/other")),
            new Doctor.QueryServer(address, true, _ -> {}),
            new Doctor.Kafka(Optional.empty(), kafka.bootstrapServers(), Map.of())));
  }

  private static List<Finding> troubles(List<Finding> findings) {
    return findings.stream().filter(finding -> finding.level() != Level.OK).toList();
  }

  @Test
  void aMachineThatIsWellIsWellInEveryPart() {
    List<Finding> findings = examine();

    assertEquals(List.of(), troubles(findings));
    assertEquals(
        List.of(
            "nix",
            "nix.conf",
            "nix-daemon",
            "socket",
            "shim",
            "spool",
            "kafka",
            "server",
            "projections",
            "lines",
            "clock",
            "cgroups"),
        findings.stream().map(Finding::about).toList());
  }

  @Test
  void aShimThatDoesNotTellIsLookedAtFromOutside() throws IOException {
    answers.remove("/v1/shim");
    root.file("/var/lib/nixtape/spool/h/1", "x");

    List<Finding> findings = troubles(examine());

    assertEquals(
        List.of("shim", "spool"),
        findings.stream().map(Finding::about).toList(),
        () -> "" + findings);
    assertTrue(findings.stream().allMatch(finding -> finding.level() == Level.NOTE));
  }

  @Test
  void theShimOfAnotherMachineIsNotTakenForThisOnes() {
    answers.computeIfPresent("/v1/shim", (_, shim) -> shim.replace("\"h\"", "\"other\""));

    // Linux connects to this machine, but does not call it loopback.
    List<Finding> findings =
        troubles(examine(URI.create("http://0.0.0.0:" + server.getAddress().getPort())));

    assertEquals(List.of("shim"), findings.stream().map(Finding::about).toList());
    assertTrue(findings.getFirst().what().contains("that is other's"), findings.toString());
  }

  @Test
  void anAnswerOfAnotherShapeIsNotBelieved() {
    answers.put("/v1/shim", "{\"host\":\"h\"}");
    answers.put("/v1/topics", "[]");

    List<Finding> findings = troubles(examine());

    assertEquals(
        List.of("shim", "server"),
        findings.stream().map(Finding::about).toList(),
        () -> "" + findings);
    assertTrue(findings.getFirst().what().contains("does not understand"));
  }

  @Test
  void aServerThatIsNotThereIsWrong() {
    server.stop(0);

    List<Finding> findings = troubles(examine());

    assertTrue(
        findings.stream().anyMatch(f -> f.about().equals("server") && f.level() == Level.WRONG),
        findings.toString());
  }

  @Test
  void aClockThatIsAheadIsSeenInTheLog() {
    answers.computeIfPresent(
        "/v1/hosts",
        (_, hosts) ->
            hosts.replaceAll("\"lastAt\":\"[^\"]*\"", "\"lastAt\":\"2100-01-01T00:00:00Z\""));

    List<Finding> findings = troubles(examine());

    assertEquals(List.of("clock"), findings.stream().map(Finding::about).toList());
  }

  @Test
  void aStrangerIsNamedOnce() {
    String session =
        """
        {"id":"h/s","host":"h","kind":"socket","path":"/run/nixtape/nix.sock","pid":77,"client":null,"user":"bob","uid":1000,
         "command":["nc"],"openedAt":"2026-01-01T00:00:00Z","lastAt":"2026-01-01T00:00:00Z","closedAt":null,"ending":null,
         "exitCode":null,"error":null,"losses":[],"tally":{"chunks":1,"bytes":9,"lines":0,"text":0,"unrecognised":0,"gaps":0,"missing":0,
         "repeated":0},"wanted":[]}
        """;
    answers.put("/v1/sessions", "[" + session + "," + session.replace("77", "78") + "]");
    answers.computeIfPresent(
        "/v1/shim",
        (_, shim) ->
            shim.replace(
                "\"strangers\":[]",
                "\"strangers\":[{\"uid\":1000,\"user\":\"bob\",\"pid\":77,\"what\":\"sent no newline\",\"since\":\"2026-01-01T00:00:00Z\",\"count\":1}]"));

    List<Finding> findings = troubles(examine());

    assertEquals(List.of("stranger", "stranger"), findings.stream().map(Finding::about).toList());
    assertTrue(findings.getFirst().what().contains("process 77"), findings.toString());
    assertTrue(findings.getLast().what().contains("process 78"), findings.toString());
  }

  @Test
  void aKafkaWithTheLogIsReached() {
    Finding finding = Broker.ask(kafka.bootstrapServers(), Map.of(), PATIENCE).finding(false);

    assertEquals(
        Finding.ok(
            "kafka", kafka.bootstrapServers() + " has nixtape.log: 0 records in 3 partitions"),
        finding);
  }

  @Test
  void aKafkaThatIsNotThereIsWrong() throws IOException {
    String nobody = "127.0.0.1:" + freePort();

    Finding finding = Broker.ask(nobody, Map.of(), SHORT).finding(false);

    assertEquals(Level.WRONG, finding.level());
    assertTrue(finding.what().startsWith(nobody + " does not answer"), finding.what());
  }

  @Test
  void aKafkaThatOnlyTheShimReachesIsNoted() throws IOException {
    String nobody = "127.0.0.1:" + freePort();

    Finding finding = Broker.ask(nobody, Map.of(), SHORT).finding(true);

    assertEquals(Level.NOTE, finding.level());
    assertTrue(finding.what().endsWith("the shim publishes there all the same"), finding.what());
  }

  @Test
  void aKafkaWithoutTheLogIsWrong() {
    Finding finding = new Broker.WithoutLog("kafka:9092").finding(true);

    assertEquals(Level.WRONG, finding.level());
    assertEquals("kafka:9092 has no topic nixtape.log", finding.what());
  }

  @Test
  void credentialsThatKafkaRefusesAreToldInItsWords() {
    Finding finding =
        new Broker.Refused("kafka:9092", "Authentication failed: invalid credentials")
            .finding(false);

    assertEquals("kafka:9092 refuses: Authentication failed: invalid credentials", finding.what());
    assertTrue(String.valueOf(finding.todo()).contains("--kafka-config"));
  }

  @Test
  void settingsOfWhichNoClientCanBeMadeAreWrong() {
    Finding finding = Broker.ask("nonsense", Map.of(), PATIENCE).finding(false);

    assertEquals(Level.WRONG, finding.level());
    assertTrue(finding.what().startsWith("no client can be made for nonsense"), finding.what());
  }
}
