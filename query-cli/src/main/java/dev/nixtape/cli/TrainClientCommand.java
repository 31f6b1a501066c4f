package dev.nixtape.cli;

import com.sun.net.httpserver.HttpServer;
import dev.nixtape.ingest.Host;
import dev.nixtape.ingest.LogWriter;
import dev.nixtape.ingest.PipeSource;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.LogRange;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.PhaseTime;
import dev.nixtape.projections.Build.Progress;
import dev.nixtape.projections.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// What the launcher records for the start-up archive of client commands: the questions, asked of a
/// server in this process.
@Command(name = "train-client", hidden = true)
final class TrainClientCommand implements Callable<Integer> {
  @Override
  public Integer call() throws IOException {
    byte[] builds = Json.write(List.of(build(null), build(Outcome.FAILED)));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            byte[] answer =
                exchange.getRequestURI().getPath().equals("/v1/builds/7k3x9q2m")
                    ? Json.write(build(Outcome.SUCCEEDED))
                    : exchange.getRequestURI().getPath().startsWith("/v1/builds")
                        ? builds
                        : "[]".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
          }
        });
    server.start();
    String address = "http://127.0.0.1:" + server.getAddress().getPort();
    for (String asked :
        List.of(
            "builds",
            "builds --running",
            "builds --all -o csv",
            "build 7k3x9q2m",
            "sessions",
            "history",
            "hosts")) {
      String[] args = (asked + " --server " + address).split(" ");
      CommandLine line = Nixtape.commandLine(args);
      line.setOut(new PrintWriter(Writer.nullWriter()));
      line.execute(args);
    }
    CommandLine help = Nixtape.commandLine();
    help.setOut(new PrintWriter(Writer.nullWriter()));
    help.execute("--help");
    server.stop(0);
    // A shim whose Kafka is not there: all of its own way.
    try (LogWriter log = LogWriter.open("127.0.0.1:9", Map.of(), _ -> {})) {
      new PipeSource(log, Host.local(), OutputStream.nullOutputStream(), false)
          .record(
              new ByteArrayInputStream(
                  "@nix {\"action\":\"stop\",\"id\":1}\n".getBytes(StandardCharsets.UTF_8)));
      log.close(Duration.ofMillis(100));
    }
    return 0;
  }

  private static Build build(@org.jspecify.annotations.Nullable Outcome outcome) {
    Instant at = Instant.parse("2026-01-31T14:03:00Z");
    return new Build(
        "7k3x9q2m7k3x9q2m",
        "1",
        Kind.BUILD,
        "/nix/store/x.drv",
        null,
        "hello-2.12",
        "hello",
        "2.12",
        "x86_64-linux",
        "builder-7",
        "local",
        "alice",
        1000L,
        "builder-7/x",
        null,
        null,
        at,
        outcome == null ? null : at.plusSeconds(75),
        outcome == null ? null : 75_000L,
        "buildPhase",
        List.of(new PhaseTime("buildPhase", 10L)),
        new Progress(1, 2, 0, 0),
        12,
        null,
        outcome,
        outcome == Outcome.FAILED ? "builder failed with exit code 1" : null,
        outcome == Outcome.FAILED ? 1 : null,
        outcome == null
            ? List.of()
            : List.of(new Build.Evidence("counter", outcome, "the worker counted it")),
        new LogRange(0, 1, 2));
  }
}
