package dev.nixtape.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.nixtape.cli.doctor.Finding;
import dev.nixtape.cli.doctor.Finding.Level;
import dev.nixtape.projections.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// `nixtape doctor` as a shell sees it.
class DoctorCommandTest {
  private static final String SHIM =
      """
      {"host":"builder-7","pid":12,"socket":"/nowhere/nix.sock","startedAt":"2026-01-31T12:00:00Z",
       "kafka":{"bootstrapServers":"nonsense","problem":null},
       "spool":{"directory":"/spool","bytes":900,"limit":1000,"oldestAt":"2026-01-31T12:00:00Z","problem":null},
       "sessions":{"open":3,"limit":16384,"limitPerUser":1024},"lost":{"gaps":0,"bytes":0,"lines":0},"strangers":[]}
      """;

  @TempDir Path folder;
  private HttpServer server;
  private String address;

  private record Result(int status, String out, String err) {}

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            boolean shim = exchange.getRequestURI().getPath().equals("/v1/shim");
            byte[] body = (shim ? SHIM : "{\"error\":\"restored\"}").getBytes(UTF_8);
            exchange.sendResponseHeaders(shim ? 200 : 503, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    server.start();
    address = "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private static Result execute(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Nixtape.commandLine(args);
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return new Result(line.execute(args), out.toString(), err.toString());
  }

  @Test
  void whatIsWrongIsSaidWithWhatToDo() {
    Result result = execute("doctor", "--server", address);

    assertEquals(Failure.FAILED, result.status(), result.err());
    assertTrue(
        result.out().contains("✗ socket      /nowhere/nix.sock is gone, though a shim listens"),
        result.out());
    assertTrue(result.out().contains("• server      " + address + ": restored\n"), result.out());
    assertTrue(result.out().endsWith("things are wrong.\n"), result.out());
  }

  @Test
  void otherProgramsReadFindingsAsJson() throws IOException {
    Result result = execute("doctor", "-o", "json", "--server", address);

    List<Finding> findings = List.of(Json.MAPPER.readValue(result.out(), Finding[].class));
    assertTrue(result.out().contains("\"level\":\"wrong\",\"about\":\"spool\""), result.out());
    assertTrue(
        findings.stream()
            .anyMatch(
                finding -> finding.what().equals("900 bytes of at most 1000 bytes wait in /spool")),
        result.out());
  }

  @Test
  void wrongUsageIsStatusTwo() {
    for (String[] wrong :
        new String[][] {
          {"doctor", "--server", "nonsense"},
          {"doctor", "--shim", "ftp://x"},
          {"doctor", "--spool", folder.resolve("absent").toString()},
          {"doctor", "-o", "csv"},
          {"doctor", "more"}
        }) {
      Result result = execute(wrong);
      assertEquals(Failure.USAGE, result.status(), String.join(" ", wrong) + result.err());
    }
  }

  @Test
  void longWordsWrapAtTheirColumn() {
    StringWriter out = new StringWriter();
    DoctorCommand.print(
        List.of(
            new Finding(Level.OK, "nix", "2.34.8 knows json-log-path", null),
            new Finding(
                Level.WRONG, "kafka", "127.0.0.1:9092 does not answer: nothing", "start it there")),
        false,
        40,
        new PrintWriter(out, true));

    assertEquals(
        """
        ✓ nix    2.34.8 knows json-log-path
        ✗ kafka  127.0.0.1:9092 does not answer:
                 nothing
                 → start it there

        One thing is wrong.
        """,
        out.toString());
  }
}
