package dev.nixtape.cli;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.LogRange;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.PhaseTime;
import dev.nixtape.projections.Build.Progress;
import dev.nixtape.projections.BuildJson;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
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
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What the launcher records for a start-up archive of some questions: each, asked of a server in
/// this process. All that an archive holds is loaded at every start: so a bare socket answers, and
/// questions about builds, which do without data binding, have an archive of their own.
@Command(name = "train-questions", hidden = true)
final class TrainQuestionsCommand implements Callable<Integer> {
  private static final List<String> QUESTIONS =
      List.of(
          "builds",
          "builds --running",
          "builds --all -o csv",
          "build 7k3x9q2m",
          "log 7k3x9q2m",
          "sessions",
          "history",
          "hosts",
          "export FOLDER",
          "sql --data FOLDER DESCRIBE(FROM(builds))");

  @Option(names = "--folder", description = "Where files may be written.")
  Path folder = Path.of("");

  @Parameters(paramLabel = "COMMAND", description = "Whose questions to ask.")
  List<String> names = List.of();

  @Override
  public Integer call() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread answers = new Thread(() -> answer(server));
      answers.setDaemon(true);
      answers.start();
      String address = "http://127.0.0.1:" + server.getLocalPort();
      for (String asked : QUESTIONS) {
        if (!names.contains(asked.split(" ", 2)[0])) {
          continue;
        }
        String[] args =
            (asked.replace("FOLDER", folder.toString()) + " --server " + address).split(" ");
        CommandLine line = Nixtape.commandLine(args);
        line.setOut(new PrintWriter(Writer.nullWriter()));
        line.execute(args);
      }
    }
    return 0;
  }

  private static void answer(ServerSocket server) {
    while (!server.isClosed()) {
      try (Socket asked = server.accept();
          BufferedReader request =
              new BufferedReader(
                  new InputStreamReader(asked.getInputStream(), StandardCharsets.US_ASCII));
          OutputStream out = asked.getOutputStream()) {
        String line = String.valueOf(request.readLine());
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (line.contains("/v1/builds/")) {
          body.write(BuildJson.write(build(Outcome.SUCCEEDED)));
        } else {
          body.write('[');
          if (line.contains("/v1/builds")) {
            body.write(BuildJson.write(build(null)));
            body.write(',');
            body.write(BuildJson.write(build(Outcome.FAILED)));
          }
          body.write(']');
        }
        while (!String.valueOf(request.readLine()).isEmpty()) {
          // the request's headers
        }
        // In chunks, as the server sends what it reads from its stores.
        String head =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n%x\r\n"
                .formatted(body.size());
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        body.writeTo(out);
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
        outcome == Outcome.FAILED ? List.of("make: *** [all] Error 1") : List.of(),
        outcome == null
            ? List.of()
            : List.of(new Build.Evidence("counter", outcome, "the worker counted it")),
        new LogRange(0, 1, 2),
        null,
        null,
        null);
  }
}
