package dev.nixtape.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.nixtape.sql.Days;
import dev.nixtape.sql.Format;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// `export` and `sql` as a shell sees them, with a server that knows facts by their days.
class FactsCommandsTest {
  @TempDir Path folder;

  /// Of each day the ids of its facts.
  private final TreeMap<String, List<String>> facts = new TreeMap<>();

  private final List<String> questions = new ArrayList<>();
  private boolean cutOff;
  private HttpServer server;
  private String address;

  private record Result(int status, String out, String err) {}

  @BeforeEach
  void start() throws IOException {
    facts.put("2026-01-30", List.of("a"));
    facts.put("2026-01-31", List.of("c", "b"));
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            String asked = exchange.getRequestURI().toString();
            questions.add(asked);
            byte[] body =
                (asked.startsWith("/v1/stats") ? stats() : builds())
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(body, 0, cutOff ? body.length - 1 : body.length);
          }
        });
    server.start();
    address = "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private String builds() {
    List<String> all = new ArrayList<>();
    facts
        .descendingMap()
        .forEach((day, ids) ->
            ids.forEach(id ->
                all.add(
                    """
                    {"id":"%s","nixId":"1","kind":"build","name":"hello-%s","host":"builder-7","session":"builder-7/s",
                     "startedAt":"%sT10:00:00.000Z","finishedAt":"%sT11:00:00.000Z","durationMs":3600000,"phases":[],
                     "logLines":12,"outcome":"succeeded","evidence":[],"log":{"partition":0,"from":1,"to":2}}
                    """
                        .formatted(id, id, day, day))));
    return "[" + String.join(",", all) + "]";
  }

  private String stats() {
    List<String> days = new ArrayList<>();
    facts.forEach((day, ids) ->
        days.add(
            "{\"from\":\"%sT00:00:00.000Z\",\"totals\":{\"count\":%d}}"
                .formatted(day, ids.size())));
    return "{\"rows\":[" + String.join(",", days) + "]}";
  }

  private Result execute(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Nixtape.commandLine(args);
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return new Result(line.execute(args), out.toString(), err.toString());
  }

  private Result export(String... more) {
    List<String> args = new ArrayList<>(List.of("export", "--server", address));
    args.addAll(List.of(more));
    args.add(folder.resolve("facts").toString());
    return execute(args.toArray(String[]::new));
  }

  private Result sql(String... more) {
    List<String> args =
        new ArrayList<>(List.of("sql", "--data", folder.resolve("facts").toString()));
    args.addAll(List.of(more));
    return execute(args.toArray(String[]::new));
  }

  @Test
  void exportSaysWhatItWroteOfEachDay() {
    Result result = export("--format", "csv");

    assertEquals(0, result.status(), result.err());
    assertTrue(
        result.out().matches("DAY +FACTS +SIZE\n2026-01-31 +2 +\\d+ B\n2026-01-30 +1 +\\d+ B\n"),
        result.out());
  }

  @Test
  void onlyTheDaysFromSinceUntilAreExported() throws IOException {
    facts.put("2026-02-01", List.of("d"));

    Result result = export("--since", "2026-01-31", "--until", "2026-01-31 14:03");

    assertEquals(0, result.status(), result.err());
    assertEquals(List.of("/v1/builds?show=all&since=2026-01-31T00%3A00%3A00.000Z"), questions);
    assertEquals(
        "[2026-01-31]",
        new Days(folder.resolve("facts")).files(Format.PARQUET).keySet().toString());
  }

  @Test
  void whatIsExportedCanBeAskedInEachForm() {
    assertEquals(0, export().status());
    String query = "SELECT day, count(*) AS n FROM builds GROUP BY day ORDER BY day";

    assertEquals("day         n\n2026-01-30  1\n2026-01-31  2\n", sql(query).out());
    assertEquals("day,n\n2026-01-30,1\n2026-01-31,2\n", sql("-o", "csv", query).out());
    assertEquals(
        "[{\"day\":\"2026-01-30\",\"n\":1},{\"day\":\"2026-01-31\",\"n\":2}]\n",
        sql("-o", "json", query).out());
    assertEquals("No rows.\n", sql("FROM facts WHERE false").out());
  }

  @Test
  void aLongTableSaysHowToGetTheRest() {
    assertEquals(0, export().status());

    Result result = sql("FROM range(1001)");

    assertEquals(1001, result.out().lines().count());
    assertEquals(
        "nixtape: the first 1,000 of 1,001 rows; all of them: -o csv or -o json\n", result.err());
  }

  @Test
  void aWrongQueryIsWrongUsageAndARunawayOneFails() {
    assertEquals(0, export().status());

    Result wrong = sql("SELEC 1");
    assertEquals(Failure.USAGE, wrong.status());
    assertTrue(wrong.err().contains("LINE 1: SELEC 1\n        ^"), wrong.err());
    assertEquals(Failure.USAGE, sql("COPY facts TO '/tmp/x.csv'").status());
    assertEquals(Failure.USAGE, sql("--timeout", "0", "SELECT 1").status());

    Result late =
        sql(
            "--timeout",
            "1",
            "SELECT max(a.range * b.range) FROM range(10000000) a, range(10000000) b");
    assertEquals(Failure.FAILED, late.status());
    assertTrue(late.err().contains("longer than 1 s"), late.err());
  }

  @Test
  void aFolderWithOtherThingsIsWrongUsage() throws IOException {
    Files.createDirectories(folder.resolve("facts/photos"));

    Result result = export();

    assertEquals(Failure.USAGE, result.status());
    assertTrue(result.err().contains("it holds photos"), result.err());
    assertEquals(Failure.USAGE, sql("SELECT 1").status());
  }

  @Test
  void anExportWithoutParquetCannotBeAsked() {
    assertEquals(0, export("--format", "csv").status());

    Result result = sql("SELECT 1");

    assertEquals(Failure.USAGE, result.status());
    assertTrue(result.err().contains("holds no Parquet"), result.err());
  }

  @Test
  void anAnswerThatIsCutOffFailsAndLeavesTheDayAsItWas() throws IOException {
    assertEquals(0, export("--format", "csv").status());
    Path day = folder.resolve("facts/day=2026-01-30/facts.csv");
    String before = Files.readString(day);
    facts.put("2026-01-30", List.of("z", "a"));
    cutOff = true;

    assertEquals(Failure.FAILED, export("--format", "csv").status());
    assertEquals(before, Files.readString(day));
  }

  private FactsCache cache() {
    Server asked = new Server();
    asked.address = address;
    return new FactsCache(asked, folder.resolve("cache"));
  }

  @Test
  void theCacheExportsOnlyDaysThatChanged() throws IOException {
    cache().refresh();
    questions.clear();
    cache().refresh();
    assertEquals(List.of("/v1/stats?bucket=day&tz=UTC"), questions);

    facts.put("2026-01-31", List.of("d", "c", "b"));
    questions.clear();
    Days days = cache().refresh();

    assertEquals(
        List.of(
            "/v1/stats?bucket=day&tz=UTC",
            "/v1/builds?show=all&since=2026-01-31T00%3A00%3A00.000Z"),
        questions);
    assertEquals("4\n", count(days));
  }

  @Test
  void theCacheForgetsDaysThatTheServerDoesNotHave() throws IOException {
    cache().refresh();
    facts.remove("2026-01-30");

    assertEquals("2\n", count(cache().refresh()));
  }

  @Test
  void aRefreshThatFailedIsDoneAgain() throws IOException {
    cutOff = true;
    assertThrows(IOException.class, () -> cache().refresh());
    cutOff = false;

    assertEquals("3\n", count(cache().refresh()));
  }

  private String count(Days days) {
    return execute(
                "sql",
                "--data",
                days.folder().toString(),
                "-o",
                "csv",
                "SELECT count(*) FROM facts")
            .out()
            .lines()
            .skip(1)
            .findFirst()
            .orElse("")
        + "\n";
  }
}
