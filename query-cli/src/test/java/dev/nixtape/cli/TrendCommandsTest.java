package dev.nixtape.cli;

import static dev.nixtape.cli.Asking.execute;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.cli.Asking.Result;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Commands as a shell sees them: what they print and how they exit.
class TrendCommandsTest {
  private static final String POINT =
      """
      {"at":"2026-11-%02dT10:00:00.000Z","name":"firefox-%s","version":"%s","system":"x86_64-linux","host":"builder-1",
       "durationMs":%d,"outcome":"%s","logLines":%d}\
      """;

  private static final String TREND =
      """
      {"name":"firefox","since":"2026-08-20T00:00:00.000Z","until":"2026-11-18T12:00:00.000Z","system":"x86_64-linux",
       "systems":[{"system":"x86_64-linux","builds":4},{"system":"aarch64-linux","builds":2}],"lastAt":null,"points":[%s],
       "changes":[{"at":"2026-11-03T10:00:00.000Z","beforeMs":130000,"afterMs":165000,"p":0.001,"name":"firefox-131.0"}]}
      """
          .formatted(
              String.join(
                  ",",
                  POINT.formatted(1, "130.0", "130.0", 130_000, "succeeded", 2_900),
                  POINT.formatted(2, "130.0", "130.0", 1_000, "failed", 10),
                  POINT.formatted(3, "131.0", "131.0", 165_000, "succeeded", 3_100),
                  POINT.formatted(4, "131.0", "131.0", 165_000, "succeeded", 3_000)));

  private static final String REGRESSIONS =
      """
      {"before":"2026-11-01T00:00:00.000Z","since":"2026-11-08T00:00:00.000Z","until":"2026-11-15T00:00:00.000Z","tests":1234,
       "rows":[
        {"what":{"name":"llvm","system":"x86_64-linux","phase":null,"host":null},"change":"slower","samplesBefore":420,
         "samples":421,"p":1e-8,"q":1e-6,"lostMsPerDay":240000,"times":{"beforeMs":80000,"afterMs":84000,"shiftMs":4000,
         "shiftFromMs":3000,"shiftToMs":5000},"failures":null,"within":[
          {"what":{"name":"llvm","system":"x86_64-linux","phase":"linkPhase","host":"builder-7"},"change":"slower",
           "samplesBefore":70,"samples":70,"p":1e-9,"q":1e-7,"lostMsPerDay":200000,"times":{"beforeMs":20000,"afterMs":40000,
           "shiftMs":20000,"shiftFromMs":19000,"shiftToMs":21000},"failures":null,"within":[]}]},
        {"what":{"name":"qt","system":"x86_64-linux","phase":null,"host":"builder-2"},"change":"fails","samplesBefore":35,
         "samples":36,"p":1e-5,"q":0.0012,"lostMsPerDay":100000,"times":null,"failures":{"before":0,"after":18},"within":[]}]}
      """;

  private final Map<String, String> answers =
      Map.of(
          "/v1/trend/firefox",
          TREND,
          "/v1/trend/hello",
          """
          {"name":"hello","since":"2026-08-20T00:00:00.000Z","until":"2026-11-18T12:00:00.000Z","system":null,"systems":[],
           "lastAt":"2026-07-01T10:00:00.000Z","points":[],"changes":[]}
          """,
          "/v1/regressions",
          REGRESSIONS);

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
  void trendDrawsTheBuildsAndListsWhatChanged() {
    Result result = execute("trend", "firefox", "--tz", "UTC", "--server", address);

    assertEquals(0, result.status(), result.err());
    assertTrue(
        result.out().startsWith("firefox for x86_64-linux: 4 builds since 2026-08-20, 1 failed\n"),
        result.out());
    assertTrue(result.out().lines().anyMatch(line -> line.contains("131.0")), result.out());
    assertTrue(result.out().lines().anyMatch(line -> line.contains("┊")), result.out());
    assertTrue(result.out().contains("log lines  ▁█▅  2,900 to 3,100\n"), result.out());
    assertTrue(
        result
            .out()
            .endsWith(
                """
                since 2026-11-03: +35.0s (2m 10s → 2m 45s), with firefox-131.0
                --system: also built for aarch64-linux (2)
                """),
        result.out());
  }

  @Test
  void trendHasAllBuildsAsCsv() {
    Result result = execute("trend", "firefox", "-o", "csv", "--server", address);

    assertTrue(
        result.out().startsWith("at,name,version,system,host,outcome,time,log\n"), result.out());
    assertTrue(
        result
            .out()
            .contains(
                "2026-11-02T10:00:00.000Z,firefox-130.0,130.0,x86_64-linux,builder-1,failed,1000,10\n"),
        result.out());
  }

  @Test
  void trendSaysWhenThereIsNothingInThePeriod() {
    Result result = execute("trend", "hello", "--tz", "UTC", "--server", address);

    assertEquals(0, result.status());
    assertEquals(
        "hello was not built in that time; the last build ended on 2026-07-01.\n", result.out());
  }

  @Test
  void regressionsPutsWhatExplainsARowBelowIt() {
    Result result = execute("regressions", "--server", address);

    assertEquals(0, result.status(), result.err());
    List<String> lines = result.out().lines().toList();
    assertTrue(
        lines
            .get(1)
            .matches(
                "llvm +x86_64-linux +slower +1m 20s → 1m 24s +\\+4.0s \\(\\+3.0s … \\+5.0s\\) +1e-06 +420 → 421 +\\+4m 00s"),
        result.out());
    assertTrue(lines.get(2).startsWith("  linkPhase on builder-7 "), result.out());
    assertTrue(
        lines.get(3).matches("qt, on builder-2 .* fails +0 of 35 → 18 of 36 .*"), result.out());
    assertEquals("1,234 tests of these 7d 0h against the 7d 0h before.", lines.getLast());
  }

  @Test
  void regressionsAsCsvHasAColumnForEachValue() {
    Result result = execute("regressions", "-o", "csv", "--server", address);

    assertTrue(
        result
            .out()
            .contains(
                "llvm,x86_64-linux,linkPhase,builder-7,slower,20000,40000,20000,19000,21000,,,"),
        result.out());
    assertTrue(result.out().contains("qt,x86_64-linux,,builder-2,fails,,,,,,0,18,"), result.out());
  }
}
