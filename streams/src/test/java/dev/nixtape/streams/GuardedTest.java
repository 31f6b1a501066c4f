package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.control.Result.Shown;
import dev.nixtape.projections.control.SigningKey;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two instances that other machines may ask, with TLS and tokens, on a real broker.
class GuardedTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String ALICE = "a".repeat(64);
  private static final String BOB = "b".repeat(64);
  private static final String INSTANCES = "c".repeat(64);
  private static final String KILL_ALL = "{\"action\":{\"do\":\"env\"},\"targets\":{\"all\":true}}";

  @TempDir static Path directory;
  private static EmbeddedKafka kafka;
  private static StreamsNode one;
  private static StreamsNode two;
  private static SSLSocketFactory trusting;

  @BeforeAll
  static void start() throws Exception {
    secret("password", "changeit\n");
    secret("token", INSTANCES + "\n");
    Files.writeString(
        directory.resolve("tokens"),
        """
        # whose token is which
        alice %s

        bob   %s
        instances %s
        """
            .formatted(
                sha256(ALICE), sha256(BOB).toUpperCase(java.util.Locale.ROOT), sha256(INSTANCES)));
    keyStore("server.p12");
    trusting = Guarded.by(guard("server.p12")).tls().getSocketFactory();
    kafka = EmbeddedKafka.start(directory.resolve("kafka"), EmbeddedKafka.freePort());
    one = start("one");
    two = start("two");
    for (int number = 1; number <= 2; number++) {
      Shim.publish(
          kafka,
          Shim.running("h" + number, number, "/nix/store/%032d-x.drv".formatted(number)),
          number % 2);
    }
    for (StreamsNode each : List.of(one, two)) {
      await(each, "/v1/builds?show=running", builds -> builds.size() == 2);
    }
  }

  @AfterAll
  static void stop() {
    two.close();
    one.close();
    kafka.close();
  }

  private static void secret(String name, String text) throws IOException {
    Path file = Files.writeString(directory.resolve(name), text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private static String sha256(String token) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8)));
  }

  private static void keyStore(String name) throws Exception {
    Path file = directory.resolve(name);
    Process keytool =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/keytool",
                "-genkeypair",
                "-alias",
                "nixtape",
                "-keyalg",
                "EC",
                "-dname",
                "CN=nixtape",
                "-ext",
                "san=ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
                "-keystore",
                file.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, keytool.waitFor(), said);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private static Access.Guard guard(String keyStore) {
    return new Access.Guard(
        directory.resolve(keyStore),
        directory.resolve("password"),
        directory.resolve("tokens"),
        Optional.of(directory.resolve("token")));
  }

  private static StreamsNode start(String name) throws Exception {
    return TestNode.start(
        TestNode.settings(kafka, directory, name, "127.0.0.1", Optional.of(guard("server.p12"))),
        false);
  }

  private static HttpURLConnection open(StreamsNode asked, String path, @Nullable String token)
      throws IOException {
    HttpsURLConnection connection =
        (HttpsURLConnection) URI.create(asked.address() + path).toURL().openConnection();
    connection.setSSLSocketFactory(trusting);
    if (token != null) {
      connection.setRequestProperty("Authorization", "Bearer " + token);
    }
    return connection;
  }

  private static JsonNode get(StreamsNode asked, String path, String token) throws IOException {
    try (InputStream answer = open(asked, path, token).getInputStream()) {
      return Json.MAPPER.readTree(answer);
    }
  }

  private static void await(StreamsNode asked, String path, Predicate<JsonNode> expected)
      throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    JsonNode answer = Json.MAPPER.nullNode();
    while (System.nanoTime() < deadline) {
      HttpURLConnection connection = open(asked, path, ALICE);
      if (connection.getResponseCode() == 200) {
        try (InputStream body = connection.getInputStream()) {
          answer = Json.MAPPER.readTree(body);
        }
        if (expected.test(answer)) {
          return;
        }
      }
      Thread.onSpinWait();
    }
    throw new AssertionError("never came: " + path + " answers " + answer);
  }

  private static HttpURLConnection post(@Nullable String token) throws IOException {
    HttpURLConnection connection = open(one, "/v1/commands", token);
    connection.setDoOutput(true);
    connection.getOutputStream().write(KILL_ALL.getBytes(UTF_8));
    return connection;
  }

  @Test
  void whoHasATokenIsSpokenForByTheirName() throws IOException {
    try (Agent agent = new Agent(kafka.bootstrapServers())) {
      assertEquals(200, post(BOB).getResponseCode());

      for (int i = 0; i < 2; i++) {
        Agent.Seen seen = agent.next();
        assertEquals("bob", seen.command().issuer());
        assertTrue(SigningKey.signed(seen.order()));
      }
    }
  }

  @Test
  void whoHasNoneIsToldNothing() throws IOException {
    try (Agent agent = new Agent(kafka.bootstrapServers())) {
      for (String path :
          List.of(
              "/v1/builds", "/v1/commands", "/v1/part/live", "/openapi.json", "/metrics", "/")) {
        for (String token : new String[] {null, "", "wrong", sha256(ALICE), ALICE + "a"}) {
          HttpURLConnection refused = open(one, path, token);
          assertEquals(401, refused.getResponseCode(), path);
          assertTrue(
              Objects.requireNonNull(refused.getHeaderField("WWW-Authenticate"))
                  .startsWith("Bearer"));
        }
      }
      assertEquals(401, post("wrong").getResponseCode());
      assertEquals(401, post(null).getResponseCode());
      assertFalse(agent.sees());
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void instancesAskEachOtherWithTheirOwnToken() throws IOException {
    for (StreamsNode each : List.of(one, two)) {
      assertEquals(2, get(each, "/v1/hosts", ALICE).size());
    }
  }

  @Test
  void whoAskedForItIsToldByWhicheverInstanceIsAsked() throws IOException {
    try (Agent agent = new Agent(kafka.bootstrapServers())) {
      assertEquals(200, post(BOB).getResponseCode());
      for (int i = 0; i < 2; i++) {
        Agent.Seen seen = agent.next();
        agent.answer(seen, new Shown(null, new TreeMap<>(Map.of("SECRET", "x"))));
        String path = "/v1/commands/%s?wait=60".formatted(seen.command().id());
        for (StreamsNode each : List.of(one, two)) {
          assertTrue(get(each, path, BOB).toString().contains("SECRET"));
          assertFalse(get(each, path, ALICE).toString().contains("SECRET"));
        }
      }
    }
  }

  @Test
  void whoIsTakenOutOfTheFileIsOut() throws Exception {
    Path file = directory.resolve("other");
    Files.writeString(file, "alice " + sha256(ALICE) + "\nbob " + sha256(BOB) + "\n");
    Tokens tokens = Tokens.in(file);
    assertEquals(Optional.of("bob"), tokens.holder(BOB));

    Files.writeString(file, "alice " + sha256(ALICE) + "\n");

    assertEquals(Optional.empty(), tokens.holder(BOB));
    assertEquals(Optional.of("alice"), tokens.holder(ALICE));
  }

  @Test
  void aFileOfTokensThatOthersCanWriteOrNobodyCanReadIsRefused() throws IOException {
    Path file = Files.writeString(directory.resolve("bad"), "alice 1234\n");
    IOException malformed = assertThrows(IOException.class, () -> Tokens.in(file));
    assertTrue(String.valueOf(malformed.getMessage()).contains("line 1"), malformed.toString());
    Files.writeString(file, "");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
    assertThrows(IOException.class, () -> Tokens.in(file));
    assertThrows(IOException.class, () -> Tokens.in(directory.resolve("none")));
  }

  @Test
  void aCertificateThatNobodyVouchesForIsNotBelieved() {
    assertThrows(
        SSLHandshakeException.class,
        () -> URI.create(one.address() + "/v1/builds").toURL().openStream().close());
  }

  @Test
  void aKeyStoreThatCannotBeUsedIsNamed() throws Exception {
    keyStore("other.p12");
    Files.setPosixFilePermissions(
        directory.resolve("other.p12"), PosixFilePermissions.fromString("rw-r--r--"));
    for (String name : List.of("other.p12", "missing.p12", "token")) {
      IOException refused = assertThrows(IOException.class, () -> Guarded.by(guard(name)));
      assertTrue(String.valueOf(refused.getMessage()).contains(name), refused.toString());
    }
  }
}
