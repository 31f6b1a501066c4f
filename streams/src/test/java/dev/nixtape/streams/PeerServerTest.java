package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerServerTest {
  @TempDir Path folder;
  private final AtomicInteger handled = new AtomicInteger();
  private Path socket = Path.of("");
  private PeerServer server;

  @BeforeEach
  void start() throws IOException {
    socket = folder.resolve("run/query.sock");
    server = PeerServer.bind(socket, PeerServer.PATIENCE);
    server.serve(exchange -> {
      handled.incrementAndGet();
      byte[] body =
          "%s %s by %s: %s"
              .formatted(
                  exchange.getRequestMethod(),
                  exchange.getRequestURI(),
                  exchange.getPrincipal().getUsername(),
                  new String(exchange.getRequestBody().readAllBytes(), UTF_8))
              .getBytes(UTF_8);
      exchange.sendResponseHeaders(
          200, exchange.getRequestURI().getPath().equals("/long") ? 0 : body.length);
      exchange.getResponseBody().write(body);
    });
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static String user() {
    return System.getProperty("user.name");
  }

  @Test
  void theKernelSaysWhoAsks() {
    String answer = PeerClient.post(socket, "/v1/x?y=%20", "body");

    assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    assertTrue(answer.endsWith("\r\n\r\nPOST /v1/x?y=%20 by " + user() + ": body"), answer);
    assertTrue(answer.contains("Content-length: "), answer);
  }

  @Test
  void anAnswerOfUnknownLengthEndsWithTheConnection() {
    String answer = PeerClient.get(socket, "/long");

    assertFalse(answer.toLowerCase(java.util.Locale.ROOT).contains("content-length"), answer);
    assertTrue(answer.endsWith("GET /long by " + user() + ": "), answer);
  }

  @Test
  void whatCouldBeReadInTwoWaysIsNotRead() {
    for (String request :
        List.of(
            "{\"action\":\"start\"}\r\n\r\n",
            "GET /\r\n\r\n",
            "GET / HTTP/1.0\r\n\r\n",
            "get / HTTP/1.1\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET http://elsewhere/ HTTP/1.1\r\n\r\n",
            "GET //elsewhere/ HTTP/1.1\r\n\r\n",
            "GET /a b HTTP/1.1\r\n\r\n",
            "GET /% HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nA : b\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
            "GET / HTTP/1.1\r\nno header\r\n\r\n",
            "GET / HTTP/1.1\r\nA: \u0000\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\nxy",
            "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx",
            "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\nx",
            "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\nx",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx")) {
      String answer = PeerClient.say(socket, request);
      assertTrue(answer.startsWith("HTTP/1.1 400 "), request + " → " + answer);
    }
    assertEquals(0, handled.get());
  }

  @Test
  void whatIsTooLongIsNotRead() {
    String head = "GET / HTTP/1.1\r\nA: " + "b".repeat(PeerExchange.MAX_HEAD);
    assertTrue(
        PeerClient.say(socket, head.substring(0, PeerExchange.MAX_HEAD))
            .startsWith("HTTP/1.1 431 "));
    assertTrue(
        PeerClient.say(
                socket,
                "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n".formatted(Questions.MAX_BODY + 1))
            .startsWith("HTTP/1.1 413 "));
    assertEquals(0, handled.get());
  }

  @Test
  void everyUserMayConnectAndNobodyElseMayListenThere() throws IOException {
    assertEquals("rw-rw-rw-", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
    assertEquals(
        "rwxr-xr-x",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent())));
    IOException taken =
        assertThrows(IOException.class, () -> PeerServer.bind(socket, PeerServer.PATIENCE));
    assertEquals("another program listens on " + socket, taken.getMessage());
  }

  @Test
  void aSocketThatAKilledServerLeftIsReplaced() throws IOException {
    Path left = folder.resolve("left.sock");
    try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      killed.bind(UnixDomainSocketAddress.of(left));
    }
    assertTrue(Files.exists(left));

    try (PeerServer next = PeerServer.bind(left, PeerServer.PATIENCE)) {
      next.serve(exchange -> exchange.sendResponseHeaders(204, -1));
      assertTrue(PeerClient.get(left, "/").startsWith("HTTP/1.1 204 "));
    }
    assertFalse(Files.exists(left));
  }

  @Test
  void aFileThatIsNoSocketStays() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "kept");

    assertThrows(IOException.class, () -> PeerServer.bind(file, PeerServer.PATIENCE));
    assertEquals("kept", Files.readString(file));
  }

  @Test
  void whoDoesNotFinishARequestIsLetGo() throws IOException {
    Path other = folder.resolve("impatient.sock");
    try (PeerServer impatient = PeerServer.bind(other, Duration.ofMillis(200))) {
      impatient.serve(exchange -> handled.incrementAndGet());

      assertEquals("", PeerClient.say(other, "GET / HTTP/1.1\r\n"));
      assertEquals(0, handled.get());
    }
  }
}
