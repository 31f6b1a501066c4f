package dev.nixtape.cli;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.LogRange;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.PhaseTime;
import dev.nixtape.projections.Build.Progress;
import dev.nixtape.projections.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// What the launcher records for the start-up archive of the questions: each, asked of a server in
/// this process. A bare socket answers, so that the archive holds nothing that a question does not
/// need: all of it is loaded at every start.
@Command(name = "train-questions", hidden = true)
final class TrainQuestionsCommand implements Callable<Integer> {
  @Override
  public Integer call() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread answers = new Thread(() -> answer(server));
      answers.setDaemon(true);
      answers.start();
      String address = "http://127.0.0.1:" + server.getLocalPort();
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
    }
    return 0;
  }

  private static void answer(ServerSocket server) {
    byte[] builds = Json.write(List.of(build(null), build(Outcome.FAILED)));
    while (!server.isClosed()) {
      try (Socket asked = server.accept();
          BufferedReader request =
              new BufferedReader(
                  new InputStreamReader(asked.getInputStream(), StandardCharsets.US_ASCII));
          OutputStream out = asked.getOutputStream()) {
        String line = String.valueOf(request.readLine());
        byte[] body =
            line.contains("/v1/builds/")
                ? Json.write(build(Outcome.SUCCEEDED))
                : line.contains("/v1/builds") ? builds : "[]".getBytes(StandardCharsets.US_ASCII);
        while (!String.valueOf(request.readLine()).isEmpty()) {
          // the request's headers
        }
        // In chunks, as the server sends what it reads from its stores.
        String head =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n%x\r\n"
                .formatted(body.length);
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        out.write(body);
        out.write("\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
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
