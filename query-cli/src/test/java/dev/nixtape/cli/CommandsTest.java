package dev.nixtape.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/// Commands as a shell sees them: what they print and how they exit.
class CommandsTest {
  private static final String FAILED =
      """
      {"id":"7k3x9q2m00000000","nixId":"1","kind":"build","drvPath":"/nix/store/x.drv","name":"bad-2.0","host":"builder-7",
       "machine":"local","user":"alice","uid":1000,"session":"builder-7/s","startedAt":"2026-01-31T14:03:00.000Z",
       "finishedAt":"2026-01-31T14:04:15.000Z","durationMs":75000,"phases":[{"name":"buildPhase","durationMs":1200}],
       "logLines":12,"outcome":"failed","reason":"builder failed with exit code 3","exitCode":3,
       "evidence":[{"source":"counter","says":"failed","detail":"the worker counted it"}],
       "log":{"partition":0,"from":1,"to":2},"addedLater":true}
      """;

  private static final String TREE =
      """
      {"sessions":["h/s"],"totals":{"failed":1,"blocked":1,"running":1,"there":2},"unread":0,"rows":[
       {"depth":0,"drvPath":"/t","name":"top","system":"s","state":"blocked","again":false,"more":{"there":1}},
       {"depth":1,"drvPath":"/l","name":"left","system":"s","state":"failed","id":"7k3x9q2m00000000","kind":"build",
        "durationMs":1500,"again":false,"more":{"there":1}},
       {"depth":1,"drvPath":"/r","name":"right","system":"s","state":"running","id":"8k3x9q2m00000000","kind":"build",
        "durationMs":1000,"expected":{"medianMs":3000,"lowMs":2000,"highMs":4000,"samples":5},"remainingMs":2000,
        "again":false,"more":{}},
       {"depth":2,"drvPath":"/l","name":"left","system":"s","state":"failed","again":true,"more":{}}]}
      """;

  private final Map<String, String> answers =
      Map.of(
          "/v1/builds",
          "[" + FAILED + "]",
          "/v1/builds/7k3x9q2m",
          FAILED,
          "/v1/sessions",
          "[]",
          "/v1/tree/top",
          TREE,
          "/v1/hosts",
          "[]",
          "/v1/topics",
          """
          {"topics":[{"topic":"nixtape.log","partitions":1,"records":816}],
           "log":{"sessions":10,"open":8,"chunks":791,"bytes":165432,"lines":1688,"text":0,"unrecognised":0,"gaps":0,
             "missing":0,"repeated":0},
           "behind":{"records":12,"millis":1234}}
          """);
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
            String answer = answers.get(exchange.getRequestURI().getPath());
            byte[] body =
                (answer == null ? "{\"error\":\"no build's id begins with 'zz'\"}" : answer)
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
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
  void buildsShowsWhoseBuildFailedAndWhy() {
    Result result = execute("builds", "--server", address);

    assertEquals(0, result.status(), result.err());
    assertTrue(
        result
            .out()
            .lines()
            .anyMatch(line ->
                line.matches(
                    "7k3x9q2m +failed +bad-2.0 +1m 15s +builder failed with exit code 3 +12 +alice +builder-7 .*")),
        result.out());
  }

  @Test
  void csvHoldsEveryValueInFull() {
    Result result = execute("builds", "-o", "csv", "--server", address);

    assertTrue(
        result.out().startsWith("id,state,name,time,detail,log,for,host,ended\n"), result.out());
    assertTrue(
        result.out().contains("bad-2.0,75000,builder failed with exit code 3,12,alice"),
        result.out());
  }

  @Test
  void buildShowsTheEvidence() {
    Result result = execute("build", "7k3x9q2m", "--server", address);

    assertTrue(result.out().contains("counter says failed: the worker counted it"), result.out());
    assertTrue(result.out().contains("nixtape log 7k3x9q2m"), result.out());
  }

  @Test
  void aTreeIsDrawn() {
    Result result = execute("tree", "top", "--server", address);

    assertEquals(
        """
        DERIVATION               STATE      TIME  LEFT  USUALLY                        ID
        top                      not built
        ├─ left                  failed     1.5s                                       7k3x9q2m
        │  └─ … 1 more: 1 there
        ├─ right                 building   1.0s  2.0s  3.0s (2.0s to 4.0s, 5 builds)  8k3x9q2m
        │  └─ left, see above
        └─ … 1 more: 1 there

        1 failed, 1 not built, 1 building, 2 there
        """,
        result.out());
  }

  @Test
  void topicsSaysHowFarAnswersAreBehind() {
    Result result = execute("topics", "--server", address);

    assertTrue(result.out().contains("behind        12 records, 1.2s\n"), result.out());
  }

  @Test
  void whatIsNotThereIsStatusThree() {
    Result result = execute("build", "zz", "--server", address);

    assertEquals(Failure.NOTHING_FOUND, result.status());
    assertEquals("nixtape: no build's id begins with 'zz'\n", result.err());
  }

  @Test
  void anEmptyAnswerIsAnAnswer() {
    Result result = execute("sessions", "--server", address);

    assertEquals(0, result.status());
    assertEquals("No session was recorded yet.\n", result.out());
  }

  @Test
  void noServerIsStatusFourAndSaysWhatToDo() throws IOException {
    int nobody;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = socket.getLocalPort();
    }
    Result result = execute("builds", "--server", "http://127.0.0.1:" + nobody);

    assertEquals(Failure.NO_SERVER, result.status());
    assertTrue(result.err().contains("nixtape up"), result.err());
  }

  @Test
  void wrongUsageIsStatusTwo() {
    for (String[] wrong :
        new String[][] {
          {},
          {"dance"},
          {"builds", "--colour"},
          {"builds", "--running", "--failed"},
          {"builds", "--since", "yesterday"},
          {"builds", "--kind", "house"},
          {"builds", "--server", "nonsense"},
          {"stats", "-d", "0"},
          {"stats", "-d", "1", "--since", "2h"},
          {"stats", "--tz", "Mars"},
          {"stats", "--drv", "a(", "--regex"},
          {"stats", "--bucket", "year"},
          {"stats", "-o", "test"},
          {"build"},
          {"up", "--listen", "here"},
          {"up", "--kafka-config", "/nowhere/client.properties"},
          {"run"}
        }) {
      Result result = execute(wrong);
      assertEquals(Failure.USAGE, result.status(), String.join(" ", wrong) + ": " + result.err());
      assertTrue(!result.err().isEmpty());
    }
  }

  @Test
  void everyCommandExplainsItself() {
    for (String command : Nixtape.commandLine().getSubcommands().keySet()) {
      Result result = execute(command, "--help");
      assertEquals(0, result.status(), command + ": " + result.err());
      assertTrue(result.out().contains("Usage:"), command);
    }
  }

  @Test
  void aCompletionScriptIsPrinted() {
    Result result = execute("completion");

    assertEquals(0, result.status());
    assertTrue(result.out().contains("complete -F"), "no completion function");
  }
}
