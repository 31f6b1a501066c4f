package dev.nixtape.cli;

import static dev.nixtape.cli.Asking.execute;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.nixtape.cli.Asking.Result;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How commands ask a server that other machines reach.
class ServerTest {
  private static final String TOKEN = "a".repeat(64);

  @TempDir Path folder;
  private final AtomicReference<@Nullable String> shown = new AtomicReference<>();
  private Path token = Path.of("");
  private Path authority = Path.of("");
  private HttpsServer server;

  private HttpHandler answer() {
    return exchange -> {
      try (exchange) {
        shown.set(exchange.getRequestHeaders().getFirst("Authorization"));
        exchange.sendResponseHeaders(200, 2);
        exchange.getResponseBody().write("[]".getBytes(UTF_8));
      }
    };
  }

  @BeforeEach
  void start() throws Exception {
    Path keyStore = folder.resolve("server.p12");
    keytool(
        "-genkeypair",
        "-alias",
        "a",
        "-keyalg",
        "EC",
        "-dname",
        "CN=x",
        "-ext",
        "san=ip:127.0.0.1",
        "-storetype",
        "PKCS12",
        "-storepass",
        "changeit",
        "-keystore",
        keyStore.toString());
    authority = folder.resolve("ca.pem");
    keytool(
        "-exportcert",
        "-rfc",
        "-alias",
        "a",
        "-storepass",
        "changeit",
        "-keystore",
        keyStore.toString(),
        "-file",
        authority.toString());
    token = Files.writeString(folder.resolve("token"), TOKEN + "\n");
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream file = Files.newInputStream(keyStore)) {
      store.load(file, "changeit".toCharArray());
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, "changeit".toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext("/", answer());
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private static void keytool(String... args) throws IOException, InterruptedException {
    List<String> command = new java.util.ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/keytool");
    command.addAll(List.of(args));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, keytool.waitFor(), said);
  }

  private String address() {
    return "https://127.0.0.1:" + server.getAddress().getPort();
  }

  @Test
  void aServerThatSomebodyVouchesForIsShownTheToken() {
    Result result =
        execute(
            "builds",
            "--server",
            address(),
            "--ca",
            authority.toString(),
            "--token-file",
            token.toString());

    assertEquals(0, result.status(), result.err());
    assertEquals("Bearer " + TOKEN, shown.get());
  }

  @Test
  void whoeverNobodyVouchesForIsShownNothing() {
    Result result = execute("builds", "--server", address(), "--token-file", token.toString());

    assertEquals(Failure.NO_SERVER, result.status());
    assertTrue(result.err().contains("--ca"), result.err());
    assertEquals(null, shown.get());
  }

  @Test
  void withoutTlsNoTokenLeavesTheMachine() throws IOException {
    HttpServer plain =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    plain.createContext("/", answer());
    plain.start();
    try {
      Result result =
          execute(
              "builds",
              "--server",
              "http://127.0.0.1:" + plain.getAddress().getPort(),
              "--token-file",
              token.toString());
      assertEquals(0, result.status(), result.err());
      assertEquals(null, shown.get());
    } finally {
      plain.stop(0);
    }
  }

  @Test
  void aTokenThatOthersCanReadIsNoSecret() throws IOException {
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-r--r--"));

    Result result =
        execute(
            "builds",
            "--server",
            address(),
            "--ca",
            authority.toString(),
            "--token-file",
            token.toString());

    assertEquals(Failure.USAGE, result.status());
    assertTrue(result.err().contains("--token-file"), result.err());
    assertEquals(null, shown.get());
  }
}
