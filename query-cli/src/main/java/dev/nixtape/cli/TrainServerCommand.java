package dev.nixtape.cli;

import dev.nixtape.projections.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// What the launcher records for the start-up archive of servers: `up` itself with the demo, in a
/// directory that the launcher clears away, asked until it knows a build.
@Command(name = "train-server", hidden = true)
final class TrainServerCommand implements Callable<Integer> {
  private static final int LINES = 1_000_000;
  private static final int TRANSFERS = 25;
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  @Parameters(paramLabel = "DIR")
  Path directory = Path.of("");

  @Override
  public Integer call() throws IOException {
    String address = "127.0.0.1:" + freePort();
    Thread up =
        new Thread(() ->
            Nixtape.commandLine()
                .execute(
                    "up",
                    "--demo",
                    "--data",
                    directory.toString(),
                    "--socket-dir",
                    directory.toString(),
                    "--listen",
                    address,
                    "--kafka-port",
                    Integer.toString(freePort())));
    up.setDaemon(true);
    up.start();
    Server server = new Server();
    server.address = "http://" + address;
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!knowsABuild(server)) {
      if (System.nanoTime() > deadline || !up.isAlive()) {
        return Failure.FAILED;
      }
      LockSupport.parkNanos(50_000_000);
    }
    feed();
    while (!knows(server, LINES)) {
      if (System.nanoTime() > deadline || !up.isAlive()) {
        return Failure.FAILED;
      }
      LockSupport.parkNanos(50_000_000);
    }
    return 0;
  }

  /// What nearly all of Nix's lines are, so that the JVM knows at its next start what to compile
  /// first.
  private void feed() throws IOException {
    StringBuilder burst = new StringBuilder();
    try (SocketChannel nix =
        SocketChannel.open(UnixDomainSocketAddress.of(directory.resolve(Places.SOCKET)))) {
      for (int transfer = 1; transfer <= TRANSFERS; transfer++) {
        burst.append(
            "{\"action\":\"start\",\"id\":%d,\"level\":3,\"parent\":0,\"text\":\"\",\"type\":100,\"fields\":[\"/nix/store/%032d-x\",\"a\",\"b\"]}\n"
                .formatted(transfer, transfer));
      }
      for (int line = 0; line < LINES; line++) {
        burst.append(
            "{\"action\":\"result\",\"fields\":["
                + line
                + ",1048576,0,0],\"id\":"
                + (1 + line % TRANSFERS)
                + ",\"type\":105}\n");
        if (line % 1000 == 999) {
          ByteBuffer bytes = ByteBuffer.wrap(burst.toString().getBytes(StandardCharsets.US_ASCII));
          while (bytes.hasRemaining()) {
            nix.write(bytes);
          }
          burst.setLength(0);
        }
      }
    }
  }

  private static boolean knows(Server server, long lines) throws IOException {
    try (InputStream topics = server.get("/v1/topics")) {
      return Json.MAPPER.readTree(topics).path("log").path("lines").asLong() > lines;
    }
  }

  private static boolean knowsABuild(Server server) throws IOException {
    try (InputStream builds = server.get("/v1/history")) {
      return builds.readAllBytes().length > 2;
    } catch (Failure notYet) {
      return false;
    }
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
