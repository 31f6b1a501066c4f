package dev.nixtape.cli.doctor;

import static dev.nixtape.cli.doctor.Root.NOW;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.cli.doctor.Finding.Level;
import dev.nixtape.projections.HostView;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.Session;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class LogCheckTest {
  /// By what they are about.
  private record Found(Map<String, Finding> findings) {
    Finding about(String about) {
      return Objects.requireNonNull(findings.get(about), about);
    }
  }

  private static Found topics(String behind, int gaps, int unrecognised) {
    String answer =
        """
        {"topics":[],"log":{"sessions":2,"open":1,"chunks":9,"bytes":900,"lines":90,"text":0,"unrecognised":%d,"gaps":%d,
         "missing":%d,"repeated":0}%s}
        """
            .formatted(unrecognised, gaps, gaps * 1024, behind);
    return new Found(
        LogCheck.findings(Json.read(answer.getBytes(UTF_8), LogCheck.TopicsView.class)).stream()
            .collect(Collectors.toMap(Finding::about, Function.identity())));
  }

  private static String behind(long records, String millis) {
    return ",\"behind\":{\"records\":%d,\"millis\":%s}".formatted(records, millis);
  }

  @Test
  void aLogWithoutGapsIsWell() {
    Found findings = topics(behind(0, "null"), 0, 0);

    assertEquals(Level.OK, findings.about("projections").level());
    assertEquals(
        "90, of 2 sessions; none is missing or unrecognised", findings.about("lines").what());
  }

  @Test
  void aServerThatDoesNotSayHowFarItIsBehindIsNotGuessedAt() {
    assertTrue(!topics("", 0, 0).findings().containsKey("projections"));
  }

  @Test
  void projectionsMayBeSecondsBehind() {
    assertEquals(Level.OK, topics(behind(7, "9000"), 0, 0).about("projections").level());
    assertEquals(Level.OK, topics(behind(7, "null"), 0, 0).about("projections").level());
  }

  @Test
  void projectionsThatAreFurtherBehindAreWrong() {
    Finding finding = topics(behind(7000, "180000"), 0, 0).about("projections");

    assertEquals(Level.WRONG, finding.level());
    assertEquals(
        "7,000 records of the log are not projected yet, the oldest is 3 min old", finding.what());
  }

  @Test
  void gapsAndUnrecognisedLinesAreNoted() {
    Found findings = topics("", 3, 4);

    assertEquals("3.0 KiB are missing in 3 places of the log", findings.about("gaps").what());
    assertEquals("4 of 90 lines mean nothing to this nixtape", findings.about("lines").what());
  }

  private static HostView host(String name, Instant lastAt) {
    return new HostView(name, 0, 1, 0, lastAt, Session.Tally.NONE, null);
  }

  @Test
  void aHostWhoseLastEntryLiesInTheFutureIsAhead() {
    List<Finding> findings =
        LogCheck.clocks(
            List.of(host("well", NOW.plusMillis(2900)), host("fast", NOW.plusSeconds(41))), NOW);

    assertEquals(1, findings.size());
    assertTrue(
        findings.getFirst().what().startsWith("fast is at least 40 s ahead"),
        findings.getFirst().what());
  }

  @Test
  void aHostThatIsBehindMayHaveBeenSilent() {
    assertEquals(List.of(), LogCheck.clocks(List.of(host("h", NOW.minusSeconds(900))), NOW));
  }

  @Test
  void thisMachinesClockIsComparedWithTheServers() {
    assertEquals(List.of(), LogCheck.ownClock(NOW, NOW.plusMillis(50), NOW.minusMillis(900)));
    assertEquals(
        "this machine is at least 9 s ahead of the server",
        LogCheck.ownClock(NOW, NOW, NOW.minusSeconds(10)).getFirst().what());
    assertEquals(
        "this machine is at least 10 s behind the server",
        LogCheck.ownClock(NOW, NOW, NOW.plusSeconds(10)).getFirst().what());
  }
}
