package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.CommandRequest;
import dev.nixtape.projections.control.ControlRecord.Ordered;
import dev.nixtape.projections.control.Result.Done;
import dev.nixtape.projections.control.Result.Refused;
import dev.nixtape.projections.control.Result.Shown;
import dev.nixtape.projections.control.Result.Why;
import dev.nixtape.projections.control.SigningKey;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Commands from who issues them to the agent's topic and back, on a real broker.
class ControlTest {
  private static final String HELLO = "/nix/store/ai9hpidbpikg9cpwl0kdpy8qlq4waxch-hello-2.12.drv";
  private static final String CURL = "/nix/store/bi9hpidbpikg9cpwl0kdpy8qlq4waxch-curl-8.14.drv";

  /// A user that every Linux has, who is neither root nor nobody.
  private static final String OTHER = "daemon";

  @TempDir static Path directory;
  private static EmbeddedKafka kafka;
  private static StreamsNode node;
  private static String serverKey;
  private static Path socket;
  private Agent agent;

  @BeforeAll
  static void start() throws Exception {
    // Others than the owner may look for the socket in it.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    kafka = EmbeddedKafka.start(directory.resolve("kafka"), EmbeddedKafka.freePort());
    StreamsSettings settings =
        TestNode.settings(kafka, directory, "one", "127.0.0.1", Optional.empty());
    serverKey = settings.access().key().publicKey();
    node = TestNode.start(settings, false);
    socket = node.socket().orElseThrow();
    Shim.publish(kafka, Shim.running("h1", 1, HELLO), 0);
    Shim.publish(kafka, Shim.running("h2", 2, CURL), 1);
    await("/v1/builds?show=running", builds -> builds.size() == 2);
  }

  @AfterAll
  static void stop() {
    node.close();
    kafka.close();
  }

  @BeforeEach
  void listen() {
    agent = new Agent(kafka.bootstrapServers());
  }

  @AfterEach
  void leave() {
    agent.close();
  }

  private static void await(String path, Predicate<JsonNode> expected) {
    TestNode.awaitAnswer(node, path, expected);
  }

  private static HttpURLConnection open(String url) throws IOException {
    return (HttpURLConnection) URI.create(url).toURL().openConnection();
  }

  private static JsonNode json(HttpURLConnection answered) throws IOException {
    try (InputStream body =
        answered.getResponseCode() == 200 ? answered.getInputStream() : answered.getErrorStream()) {
      return Json.MAPPER.readTree(body);
    }
  }

  private static HttpURLConnection post(String url, String body) throws IOException {
    HttpURLConnection asked = open(url);
    asked.setDoOutput(true);
    asked.getOutputStream().write(body.getBytes(UTF_8));
    return asked;
  }

  /// The status of an answer at the socket, and its body.
  private record Told(int status, JsonNode json) {
    static Told of(String answer) {
      try {
        int body = answer.indexOf("\r\n\r\n") + 4;
        return new Told(
            Integer.parseInt(answer.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length())),
            Json.MAPPER.readTree(answer.substring(body)));
      } catch (IOException e) {
        throw new AssertionError(answer, e);
      }
    }
  }

  private static String kill(String targets) {
    return "{\"action\":{\"do\":\"kill\"},\"targets\":%s,\"reason\":\"too loud\"}"
        .formatted(targets);
  }

  private static String user() {
    return System.getProperty("user.name");
  }

  private static Told get(String path) {
    return Told.of(PeerClient.get(socket, path));
  }

  @Test
  void forAUserAtTheSocketTheServerSignsAndTheResultComesBack() {
    Told issued = Told.of(PeerClient.post(socket, "/v1/commands", kill("{\"drv\":\"hello\"}")));
    assertEquals(200, issued.status(), issued.toString());
    Agent.Seen seen = agent.next();
    Command command = seen.command();

    assertTrue(SigningKey.signed(seen.order()));
    assertEquals(serverKey, seen.order().key());
    assertEquals(user(), command.issuer());
    assertEquals("h1", command.host());
    assertEquals(HELLO, command.target().drvPath());
    assertEquals(new Action.Kill(), command.action());
    assertEquals("too loud", command.reason());
    assertEquals(command.at().plus(Command.PATIENCE), command.deadline());
    assertEquals(
        command.id().toString(), issued.json().at("/issued/0/id").asText(), issued.toString());

    agent.answer(seen, new Done(List.of("wrote 1 to cgroup.kill")));
    Told told = get("/v1/commands/%s?wait=60".formatted(command.id()));
    assertEquals("done", told.json().at("/result/ending/ended").asText(), told.toString());
    assertTrue(told.json().get("signed").asBoolean());
    assertFalse(agent.sees(), "it was put on record twice");
  }

  @Test
  void theKernelSaysWhoTheIssuerIs() throws Exception {
    List<String> as =
        user().equals("root")
            ? List.of("setpriv", "--reuid=" + OTHER, "--regid=" + OTHER, "--clear-groups")
            : List.of();
    Path classes = Files.createDirectories(directory.resolve("classes/dev/nixtape/streams"));
    try (InputStream compiled = PeerClient.class.getResourceAsStream("PeerClient.class")) {
      Files.write(
          classes.resolve("PeerClient.class"), Objects.requireNonNull(compiled).readAllBytes());
    }
    ProcessBuilder client = new ProcessBuilder(new ArrayList<>(as));
    client
        .command()
        .addAll(
            List.of(
                System.getProperty("java.home") + "/bin/java",
                "-cp",
                directory.resolve("classes").toString(),
                PeerClient.class.getName(),
                socket.toString(),
                "/v1/commands",
                // What a client says of itself is nobody's word.
                kill("{\"drv\":\"hello\"}")
                    .replace("{\"action\"", "{\"issuer\":\"root\",\"action\"")));
    Process running = client.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String answer = new String(running.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, running.waitFor());

    assertEquals(200, Told.of(answer).status(), answer);
    assertEquals(as.isEmpty() ? user() : OTHER, agent.next().command().issuer());
  }

  @Test
  void onPlainTcpNobodyIsSpokenFor() throws IOException {
    HttpURLConnection asked = post(node.address() + "/v1/commands", kill("{\"drv\":\"hello\"}"));

    assertEquals(401, asked.getResponseCode());
    assertTrue(json(asked).get("error").asText().contains("UNIX socket"));
    HttpURLConnection claiming = open(node.address() + "/v1/commands");
    claiming.setDoOutput(true);
    claiming.setRequestProperty("Authorization", "Bearer whatever");
    claiming.getOutputStream().write(kill("{\"drv\":\"hello\"}").getBytes(UTF_8));
    assertEquals(401, claiming.getResponseCode());
    assertFalse(agent.sees());
  }

  @Test
  void whatWouldHappenIsToldToAnybodyAndHappensNot() throws IOException {
    JsonNode plan = json(post(node.address() + "/v1/commands?dryRun=true", kill("{\"all\":true}")));

    assertEquals(2, plan.get("steps").size(), plan.toString());
    assertEquals(
        Map.of("h1", "hello-2.12", "h2", "curl-8.14"),
        Map.of(
            plan.at("/steps/0/host").asText(),
            plan.at("/steps/0/build/name").asText(),
            plan.at("/steps/1/host").asText(),
            plan.at("/steps/1/build/name").asText()));
    assertFalse(agent.sees());
  }

  @Test
  void whatAClientSignedIsPassedOnAsItIs() throws IOException {
    SigningKey key = SigningKey.generate();
    Instant now = Instant.now();
    Command freeze = command(now, now.plusSeconds(20));
    Ordered order = key.sign(freeze);

    HttpURLConnection asked = post(node.address() + "/v1/commands", relayed(order));

    assertEquals(200, asked.getResponseCode(), () -> text(asked));
    assertEquals(order, agent.next().order());
    await(
        "/v1/commands/" + freeze.id(),
        view -> view.get("key").asText().equals(key.publicKey()) && view.get("signed").asBoolean());
  }

  private static String text(HttpURLConnection asked) {
    try {
      return json(asked).toString();
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static String relayed(Ordered order) {
    return new String(Json.write(new CommandRequest.Relayed(List.of(order))), UTF_8);
  }

  private static Command command(Instant at, Instant deadline) {
    return new Command(
        Command.id(at, System.nanoTime(), System.nanoTime()),
        "h1",
        new Command.Target("0123456789abcdfg", HELLO),
        new Action.Freeze(),
        "carol",
        at,
        deadline,
        "");
  }

  @Test
  void whatNoAgentWouldObeyIsNotPassedOn() throws IOException {
    SigningKey key = SigningKey.generate();
    Instant now = Instant.now();
    Ordered good = key.sign(command(now, now.plusSeconds(20)));
    byte[] other = Json.write(command(now, now.plusSeconds(21)));
    for (Ordered bad :
        List.of(
            new Ordered(good.json(), good.key(), ByteSlice.EMPTY),
            new Ordered(ByteSlice.of(other), good.key(), good.signature()),
            new Ordered(good.json(), SigningKey.generate().publicKey(), good.signature()),
            new Ordered(ByteSlice.of("{}"), good.key(), good.signature()),
            key.sign(command(now.minusSeconds(60), now.minusSeconds(1))),
            // Its id would be forgotten before it may not be obeyed any more.
            key.sign(command(now.plusSeconds(86_400), now.plusSeconds(86_420))))) {
      HttpURLConnection asked = post(node.address() + "/v1/commands", relayed(bad));
      assertEquals(400, asked.getResponseCode(), bad.toString());
      assertFalse(json(asked).get("error").asText().isEmpty());
    }
    assertFalse(agent.sees());
  }

  @Test
  void anUnknownTargetIsAnsweredWithWhatIsNear() {
    Told byName = Told.of(PeerClient.post(socket, "/v1/commands", kill("{\"drv\":\"helo\"}")));
    assertEquals(404, byName.status());
    assertEquals(
        "no build of 'helo' runs that fits; near: hello", byName.json().get("error").asText());

    Told byId =
        Told.of(PeerClient.post(socket, "/v1/commands", kill("{\"builds\":[\"hello-2.1\"]}")));
    assertEquals(404, byId.status());
    assertEquals(
        "no build's id begins with 'hello-2.1'; near: hello-2.12",
        byId.json().get("error").asText());
  }

  @Test
  void requestsThatMakeNoSenseAreRefusedWithAReason() {
    for (String body :
        List.of(
            "",
            "kill",
            "{}",
            "{\"action\":{\"do\":\"dance\"},\"targets\":{\"all\":true}}",
            "{\"action\":{\"do\":\"nice\",\"weight\":0},\"targets\":{\"all\":true}}",
            "{\"action\":{\"do\":\"kill\"}}",
            "{\"action\":{\"do\":\"kill\"},\"targets\":{}}",
            "{\"action\":{\"do\":\"kill\"},\"targets\":{\"all\":true},\"deadlineMs\":0}",
            "{\"action\":{\"do\":\"kill\"},\"targets\":{\"all\":true},\"deadlineMs\":600001}",
            "{\"action\":{\"do\":\"kill\"},\"targets\":{\"all\":true},\"reason\":\"%s\"}"
                .formatted("x".repeat(1001)))) {
      Told told = Told.of(PeerClient.post(socket, "/v1/commands", body));
      assertEquals(400, told.status(), body);
      assertFalse(told.json().get("error").asText().isEmpty(), body);
    }
    assertEquals(405, Told.of(PeerClient.post(socket, "/v1/builds", "{}")).status());
    assertEquals(400, get("/v1/commands/7").status());
    assertEquals(400, get("/v1/commands/%s?wait=61".formatted(UUID.randomUUID())).status());
    assertEquals(404, get("/v1/commands/" + UUID.randomUUID()).status());
    assertEquals(400, get("/v1/commands?builds=x").status());
    assertFalse(agent.sees());
  }

  private Agent.Seen issue(String body) {
    Told issued = Told.of(PeerClient.post(socket, "/v1/commands", body));
    assertEquals(200, issued.status(), issued.toString());
    return agent.next();
  }

  @Test
  void whoWaitsIsToldWhenTheResultComes() throws Exception {
    Agent.Seen seen = issue(kill("{\"drv\":\"hello\"}"));
    CompletableFuture<Told> told =
        CompletableFuture.supplyAsync(
            () -> get("/v1/commands/%s?wait=60".formatted(seen.command().id())));
    assertFalse(told.isDone());

    agent.answer(seen, new Refused(Why.NOT_RUNNING, "it ended"));

    assertEquals(
        "not-running", told.get(30, TimeUnit.SECONDS).json().at("/result/ending/why").asText());
  }

  @Test
  void whoWaitsInVainIsToldThatThereIsNone() {
    Agent.Seen seen = issue(kill("{\"drv\":\"hello\"}"));
    long began = System.nanoTime();

    Told told = get("/v1/commands/%s?wait=1".formatted(seen.command().id()));

    assertTrue(System.nanoTime() - began >= 1_000_000_000L);
    assertEquals(200, told.status());
    assertTrue(told.json().get("result").isNull(), told.toString());
  }

  @Test
  void aReplayedRecordsResultIsAnAttemptAndTheFirstStays() throws IOException {
    Agent.Seen seen = issue(kill("{\"drv\":\"hello\"}"));
    agent.answer(seen, new Done(List.of("killed")));
    agent.repeat(seen);
    Agent.Seen again = agent.next();
    assertTrue(again.offset() > seen.offset());
    agent.answer(again, new Refused(Why.REPLAYED, "seen before"));

    await(
        "/v1/commands/" + seen.command().id(),
        view ->
            view.at("/result/ending/ended").asText().equals("done")
                && view.get("attempts").size() == 1
                && view.at("/attempts/0/ending/why").asText().equals("replayed")
                && view.at("/attempts/0/offset").asLong() == again.offset());
  }

  @Test
  void theAuditTellsNewestFirstWhoDidWhat() throws IOException {
    Instant before = Instant.now().minusMillis(1);
    Agent.Seen first = issue(kill("{\"drv\":\"hello\"}"));
    Agent.Seen second = issue(kill("{\"drv\":\"curl\"}"));

    String since = "/v1/commands?since=" + before;
    await(since, commands -> commands.size() == 2);
    JsonNode commands = get(since).json();
    assertEquals(
        List.of(second.command().id().toString(), first.command().id().toString()),
        List.of(commands.at("/0/command/id").asText(), commands.at("/1/command/id").asText()));
    assertEquals(1, get(since + "&host=h1").json().size());
    assertEquals(1, get(since + "&build=" + second.command().target().build()).json().size());
    assertEquals(0, get(since + "&until=" + before.plusNanos(1)).json().size());
  }

  @Test
  void whatABuildHoldsIsToldToWhoAskedForItAlone() throws IOException {
    Agent.Seen seen = issue(kill("{\"drv\":\"hello\"}").replace("kill", "env"));
    agent.answer(seen, new Shown(null, new TreeMap<>(Map.of("SECRET", "x"))));
    String path = "/v1/commands/" + seen.command().id();
    await(path, view -> view.at("/result/ending/ended").asText().equals("shown"));

    assertTrue(get(path).json().toString().contains("SECRET"));
    for (String asked :
        List.of(
            path, "/v1/commands", "/v1/part/commands", "/v1/part/command/" + seen.command().id())) {
      JsonNode told = json(open(node.address() + asked));
      assertTrue(told.toString().contains(seen.command().id().toString()), asked);
      assertFalse(told.toString().contains("SECRET"), asked);
    }
    assertFalse(get("/v1/commands").json().toString().contains("SECRET"));
  }

  @Test
  void whatIsNeitherCommandNorResultIsCountedAndPassedOver() throws IOException {
    double before = unreadable();
    agent.write("h1", "nonsense".getBytes(UTF_8), List.of());
    agent.write("h1", new byte[0], List.of());
    Agent.Seen seen = issue(kill("{\"drv\":\"hello\"}"));

    await("/v1/commands/" + seen.command().id(), view -> true);
    assertEquals(before + 2, unreadable());
  }

  private static double unreadable() throws IOException {
    try (InputStream metrics = open(node.address() + "/metrics").getInputStream()) {
      return new String(metrics.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> line.startsWith("nixtape_unreadable_commands_total "))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
          .sum();
    }
  }

  @Test
  void anAddressThatOtherMachinesReachTakesTlsAndTokens() {
    for (String host : List.of("0.0.0.0", "192.0.2.1", "::")) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> TestNode.settings(kafka, directory, "two", host, Optional.empty()));
      for (String option : List.of(host, "--tls-key-store", "--tls-password-file", "--tokens")) {
        assertTrue(String.valueOf(refused.getMessage()).contains(option), refused.toString());
      }
    }
    assertEquals(
        "localhost",
        TestNode.settings(kafka, directory, "two", "localhost", Optional.empty()).listenHost());
    assertEquals(
        "::1", TestNode.settings(kafka, directory, "two", "::1", Optional.empty()).listenHost());
  }
}
