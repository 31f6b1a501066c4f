package dev.nixtape.cli;

import static dev.nixtape.cli.Asking.execute;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.cli.Asking.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Commands as a shell sees them: what they print and how they exit.
class CommandsTest {
  private static final String FAILED =
      """
      {"id":"7k3x9q2m00000000","nixId":"1","kind":"build","drvPath":"/nix/store/x.drv","name":"bad-2.0","host":"builder-7",
       "machine":"local","user":"alice","uid":1000,"session":"builder-7/s","startedAt":"2026-01-31T14:03:00.000Z",
       "finishedAt":"2026-01-31T14:04:15.000Z","durationMs":75000,"phases":[{"name":"buildPhase","durationMs":1200}],
       "logLines":12,"outcome":"failed","reason":"builder failed with exit code 3","exitCode":3,"lastLines":["x.c:1: error: no","  make: *** [all] Error 2"],
       "evidence":[{"source":"counter","says":"failed","detail":"the worker counted it"}],
       "log":{"partition":0,"from":1,"to":2},"cpuUserMs":120000,"cpuSystemMs":3000,"peakMemory":2147483648,"ioBytes":4096,"addedLater":true}
      """;

  private static final String FROZEN =
      """
      {"id":"8k3x9q2m00000000","nixId":"1","kind":"build","drvPath":"/nix/store/x.drv","name":"big-2.0","host":"builder-7",
       "machine":"local","user":"alice","session":"builder-7/s","startedAt":"2026-01-31T14:03:00.000Z","finishedAt":null,
       "phases":[],"logLines":12,"evidence":[],"log":{"partition":0,"from":1,"to":2},
       "now":{"cpuPercent":0,"memory":1073741824,"frozen":true}}
      """;

  private static final String HOSTS =
      """
      [{"host":"builder-7","open":0,"sessions":3,"running":1,"lastAt":"2026-01-31T14:03:00.000Z",
        "log":{"chunks":1,"bytes":1024,"lines":9,"text":0,"unrecognised":0,"gaps":0,"missing":0,"missingLines":0,"repeated":0},
        "now":{"at":"2026-01-31T14:03:00.000Z","load":[3.14,2.0,1.0],"processors":8,"memory":4096,"memoryAvailable":3072,
               "pressure":{"cpu":12.4,"memory":0.0,"io":3.0},"store":9000,"storeFree":2048}},
       {"host":"laptop","open":0,"sessions":1,"running":0,"lastAt":"2026-01-31T14:03:00.000Z",
        "log":{"chunks":1,"bytes":1024,"lines":9,"text":0,"unrecognised":0,"gaps":0,"missing":0,"missingLines":0,"repeated":0},
        "now":null}]
      """;

  private static final String MACHINES =
      """
      [{"uri":"ssh-ng://builder-7","systems":["aarch64-linux","x86_64-linux"],"slots":4,"used":3,
        "hosts":[{"host":"a","used":2},{"host":"b","used":1},{"host":"c","used":0}]}]
      """;

  private static final String HELLO =
      """
      [{"name":"hello-2.12.1","count":1,"succeeded":1,"failed":0,"totalMs":5,"lastMs":5,"lastAt":"2026-01-31T14:03:00.000Z",
        "lastOutcome":"succeeded","lastId":"7k3x9q2m00000000"}]
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

  private static final String FLAKY =
      """
      [{"name":"bad-2.0","drvPath":"/nix/store/x-bad-2.0.drv","differed":false,"attempts":5,"failed":2,"lostMs":75000,
        "failedOn":["h1","h2"],"succeededOn":["h3"],
        "failure":{"id":"7k3x9q2m00000000","at":"2026-01-31T14:04:15.000Z","host":"h1","on":"h1","durationMs":1,"reason":"timed out"},
        "success":{"id":"8k3x9q2m00000000","at":"2026-01-31T15:04:15.000Z","host":"h3","on":"h3","durationMs":1,"reason":null}}]
      """;

  private static final String FAILURES =
      """
      {"since":null,"until":null,"failed":312,"logsRead":200,"groups":[
        {"reason":"builder failed with exit code 1","line":"x.c:N: error: no","count":7,"packages":["a","b","c"],"hosts":["h1"],
         "firstAt":"2026-01-31T14:04:15.000Z","lastAt":"2026-01-31T14:04:15.000Z","example":"7k3x9q2m00000000","exampleLine":"x.c:1: error: no"}]}
      """;

  private static final String COSTS =
      """
      {"since":null,"until":null,"zone":"UTC","by":"USER","measure":"mixed",
       "total":{"key":null,"builds":4,"failed":1,"measured":2,"ms":4000,"cpuMs":2500,"failedMs":500,"percent":100.0},
       "rows":[{"key":"alice","builds":3,"failed":1,"measured":2,"ms":3000,"cpuMs":2500,"failedMs":500,"percent":75.0},
               {"key":null,"builds":1,"failed":0,"measured":0,"ms":1000,"cpuMs":0,"failedMs":0,"percent":25.0}]}
      """;

  private static final String CACHES =
      """
      {"since":null,"until":null,"substituters":[{"uri":"https://cache.example.org","queries":9,"found":4,"missed":3,"unknown":2,
         "hits":5,"failed":1,"downloaded":4096,"copied":8192,"bytesPerSecond":2048}],
       "rebuilds":{"looked":20,"pathUnknown":3,"count":1,"ms":75000,"latest":[{"id":"7k3x9q2m00000000","name":"bad-2.0",
         "storePath":"/nix/store/x-bad-2.0","host":"h1","at":"2026-01-31T14:04:15.000Z","durationMs":75000,
         "from":"https://cache.example.org","substitution":"8k3x9q2m00000000","substitutedOn":"h2","substitutedAt":"2026-01-31T13:04:15.000Z"}]}}
      """;

  private static final String WAITS =
      """
      {"since":null,"until":null,"kinds":[{"waitsFor":"lock","host":null,"count":2,"totalMs":75000,"meanMs":37500,"p95Ms":70000,"maxMs":70000}],
       "hosts":[{"waitsFor":"lock","host":"h1","count":2,"totalMs":75000,"meanMs":37500,"p95Ms":70000,"maxMs":70000}],"looked":2,
       "longest":[{"id":"7k3x9q2m00000000","waitsFor":"lock","what":"bad-2.0","host":"h1","startedAt":"2026-01-31T14:04:15.000Z",
         "durationMs":70000,"build":"8k3x9q2m00000000","parent":null}]}
      """;

  private final Map<String, String> answers =
      Map.ofEntries(
          Map.entry("/v1/builds", "[" + FAILED + "]"),
          Map.entry("/v1/builds/7k3x9q2m", FAILED),
          Map.entry("/v1/builds?show=all&name=helo&kind=build", "[]"),
          Map.entry("/v1/history", HELLO),
          Map.entry("/v1/sessions", "[]"),
          Map.entry("/v1/tree/top", TREE),
          Map.entry("/v1/hosts", HOSTS),
          Map.entry("/v1/machines", MACHINES),
          Map.entry("/v1/builds/frozen", FROZEN),
          Map.entry("/v1/builds?show=running", "[" + FROZEN + "]"),
          Map.entry("/v1/flaky", FLAKY),
          Map.entry("/v1/failures", FAILURES),
          Map.entry("/v1/cost", COSTS),
          Map.entry("/v1/cache", CACHES),
          Map.entry("/v1/waits", WAITS),
          Map.entry(
              "/v1/topics",
              """
              {"topics":[{"topic":"nixtape.log","partitions":1,"records":816}],
               "log":{"sessions":10,"open":8,"chunks":791,"bytes":165432,"lines":1688,"text":0,"unrecognised":0,"gaps":0,
                 "missing":0,"repeated":0},
               "behind":{"records":12,"millis":1234}}
              """));
  private Asking server;
  private String address;

  @BeforeEach
  void start() throws IOException {
    server = new Asking(answers);
    address = server.address();
  }

  @AfterEach
  void stop() {
    server.close();
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
                    "7k3x9q2m +failed +bad-2.0 +1m 15s +164 % +2.0 GiB +builder failed with exit code 3 +12 +alice +builder-7 .*")),
        result.out());
  }

  @Test
  void csvHoldsEveryValueInFull() {
    Result result = execute("builds", "-o", "csv", "--server", address);

    assertTrue(
        result.out().startsWith("id,state,name,time,cpu,mem,detail,log,for,host,ended\n"),
        result.out());
    assertTrue(
        result
            .out()
            .contains("bad-2.0,75000,164,2147483648,builder failed with exit code 3,12,alice"),
        result.out());
  }

  @Test
  void buildShowsTheEvidenceAndTheLastLines() {
    Result result = execute("build", "7k3x9q2m", "--server", address);

    assertTrue(result.out().contains("counter says failed: the worker counted it"), result.out());
    assertTrue(
        result
            .out()
            .endsWith(
                """
                  log         12 lines: nixtape log 7k3x9q2m
                              > x.c:1: error: no
                              >   make: *** [all] Error 2
                """),
        result.out());
  }

  @Test
  void buildShowsWhatItUsed() {
    String out = execute("build", "7k3x9q2m", "--server", address).out();

    assertTrue(out.contains("processor   2m 03s (user 2m 00s, system 3.0s), 164 % of one\n"), out);
    assertTrue(out.contains("memory      2.0 GiB at most\n"), out);
    assertTrue(out.contains("disk        4.0 KiB read and written\n"), out);
  }

  @Test
  void whatRunsShowsWhatItUsesNowAndWhetherItIsFrozen() {
    String all = ask("builds", "--running");
    String one = execute("build", "frozen", "--server", address).out();

    assertTrue(all.contains("8k3x9q2m frozen big-2.0 "), all);
    assertTrue(all.contains(" 0 % 1.0 GiB "), all);
    assertTrue(one.contains("processor   0 % of one now\n"), one);
    assertTrue(one.contains("memory      1.0 GiB now\n"), one);
  }

  @Test
  void hostsShowsWhatThoseUseThatSaySo() {
    String out = ask("hosts");
    String csv = ask("hosts", "-o", "csv");

    assertTrue(out.contains("builder-7 1 3.1 of 8 25 % 12/0/3 % 2.0 KiB 3 9 1.0 KiB "), out);
    assertTrue(out.contains("laptop 1 9 1.0 KiB "), out);
    assertTrue(csv.contains("builder-7,1,3.14,1024,12/0/3 %,2048,0,3,9,1024,0,0,2026"), csv);
    assertTrue(csv.contains("laptop,0,,,,,0,1,9,1024,0,0,2026"), csv);
  }

  @Test
  void machinesShowsWhoUsesTheirSlots() {
    String out = ask("machines");

    assertTrue(out.endsWith("ssh-ng://builder-7 aarch64-linux x86_64-linux 4 3 a:2 b:1\n"), out);
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

  /// The lines of an answer, gaps of any width as one space.
  private String ask(String... question) {
    List<String> args = new ArrayList<>(List.of(question));
    args.addAll(List.of("--server", address));
    if (!List.of("builds", "hosts", "machines").contains(question[0])) {
      args.addAll(List.of("--tz", "UTC"));
    }
    Result result = execute(args.toArray(String[]::new));
    assertEquals(0, result.status(), result.err());
    return result.out().replaceAll(" +", " ");
  }

  @Test
  void flakyShowsHowOftenWhereAndBothIds() {
    String out = ask("flaky");

    assertTrue(out.contains("bad-2.0 2 5 1m 15s h1 h2 h3 7k3x9q2m 01-31"), out);
    assertTrue(out.contains(" 8k3x9q2m 01-31"), out);
    assertTrue(out.contains("timed out"), out);
  }

  @Test
  void failuresSaysOfHowManyTheEndOfTheLogIsKnown() {
    String out = ask("failures");

    assertTrue(out.contains("7 builder failed with exit code 1 x.c:N: error: no a b +1 h1"), out);
    assertTrue(out.contains("Of 200 of 312 failures the end of the log is known"), out);
  }

  @Test
  void costEndsWithTheWholeAndItsCsvDoesNot() {
    String out = ask("cost");

    assertTrue(out.contains("alice 3 1 3.0s 2.5s 500ms 75.0 %\n"), out);
    assertTrue(out.contains("unknown 1 1.0s 25.0 %\n"), out);
    assertTrue(
        out.endsWith(
            """
            all 4 1 4.0s 2.5s 500ms 100.0 %
            Of 2 of 4 builds the processor time was measured; the others are billed for how long they took.
            """),
        out);
    assertEquals(
        "user,builds,failed,time,cpu time,failed time,share\nalice,3,1,3000,2500,500,75.0\nunknown,1,0,1000,0,0,25.0\n",
        ask("cost", "-o", "csv"));
  }

  @Test
  void cacheShowsWhatBecameOfQuestionsAndWhatWasBuiltAlthough() {
    String out = ask("cache");

    assertTrue(
        out.contains("https://cache.example.org 9 4 3 2 5 1 4.0 KiB 8.0 KiB 2.0 KiB/s\n"), out);
    assertTrue(out.contains("7k3x9q2m bad-2.0 h1 1m 15s https://cache.example.org h2 01-31"), out);
    assertTrue(out.contains("Of 3 of 20 builds nobody knows the store path."), out);
  }

  @Test
  void withoutABeginItIsThirtyDaysUpToTheEnd() throws IOException {
    String january =
        "/v1/cache?since=2026-01-02T00%3A00%3A00.000Z&until=2026-02-01T00%3A00%3A00.000Z&tz=UTC";
    try (Asking other = new Asking(Map.of(january, CACHES))) {
      Result result =
          execute("cache", "--until", "2026-02-01", "--tz", "UTC", "--server", other.address());

      assertEquals(0, result.status(), result.err());
    }
  }

  @Test
  void waitsShowsWhichBuildWaitedLongest() {
    String out = ask("waits");

    assertTrue(out.contains("lock 2 1m 15s 37.5s 1m 10s 1m 10s\n"), out);
    assertTrue(out.contains("7k3x9q2m lock bad-2.0 h1 01-31"), out);
    assertTrue(out.contains(" 8k3x9q2m\n"), out);
  }

  @Test
  void anUnknownNameIsAnsweredWithThoseThatAreNear() {
    Result result = execute("history", "helo", "--server", address);

    assertEquals(Failure.NOTHING_FOUND, result.status());
    assertTrue(
        result.err().contains("no derivation 'helo' was recorded; near: hello;"), result.err());
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
          {"cost", "--by", "moon"},
          {"waits", "-d", "0"},
          {"cache", "--since", "2026-02-01", "--until", "2026-01-01"},
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
