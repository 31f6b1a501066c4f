package dev.nixtape.cli.doctor;

import static dev.nixtape.cli.doctor.Root.NOW;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.cli.doctor.Finding.Level;
import dev.nixtape.ingest.ShimStatus;
import dev.nixtape.projections.Json;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShimCheckTest {
  static final String WELL =
      """
      {"host":"h","pid":12,"socket":"/run/nixtape/nix.sock","startedAt":"2026-01-31T12:00:00Z",
       "kafka":{"bootstrapServers":"kafka:9092","problem":null},
       "spool":{"directory":"/spool","bytes":0,"limit":1000,"oldestAt":null,"problem":null},
       "sessions":{"open":3,"limit":16384,"limitPerUser":1024},
       "lost":{"gaps":0,"bytes":0,"lines":0},
       "strangers":[]}
      """;

  private static final String NOTHING_WAITS = "\"bytes\":0,\"limit\":1000,\"oldestAt\":null";

  private static List<Finding> findings(String status) {
    return new ShimCheck(Json.read(status.getBytes(UTF_8), ShimStatus.class), NOW).findings();
  }

  /// Of a shim whose status differs from a good one's in that.
  private static List<Finding> findings(String part, String instead) {
    assertTrue(WELL.contains(part), part);
    return findings(WELL.replace(part, instead));
  }

  private static Level level(List<Finding> findings, String about) {
    return findings.stream()
        .filter(finding -> finding.about().equals(about))
        .map(Finding::level)
        .reduce(Level.OK, (one, other) -> one.compareTo(other) > 0 ? one : other);
  }

  private static String waiting(long bytes, int seconds) {
    return "\"bytes\":%d,\"limit\":1000,\"oldestAt\":\"%s\""
        .formatted(bytes, NOW.minusSeconds(seconds));
  }

  @Test
  void aShimThatIsWellHasNothingToDo() {
    List<Finding> findings = findings(WELL);

    assertTrue(findings.stream().allMatch(f -> f.level() == Level.OK), findings.toString());
    assertEquals(
        "process 12 on h listens at /run/nixtape/nix.sock for 2 h, 3 of at most 16,384 connections are open",
        findings.getFirst().what());
  }

  @Test
  void aKafkaThatTakesNothingIsWrong() {
    List<Finding> findings =
        findings("\"problem\":null},\n \"spool\"", "\"problem\":\"gone\"},\n \"spool\"");

    assertEquals(Level.WRONG, level(findings, "shim"));
  }

  @Test
  void aSpoolThatCannotBeWrittenIsWrong() {
    List<Finding> findings =
        findings(
            "\"oldestAt\":null,\"problem\":null", "\"oldestAt\":null,\"problem\":\"disk full\"");

    assertEquals(Level.WRONG, level(findings, "spool"));
  }

  @Test
  void whatWaitsForAMomentIsNoDelay() {
    assertEquals(Level.OK, level(findings(NOTHING_WAITS, waiting(500, 9)), "spool"));
  }

  @Test
  void whatWaitsLongerIsNoted() {
    assertEquals(Level.NOTE, level(findings(NOTHING_WAITS, waiting(500, 11)), "spool"));
    assertEquals(Level.NOTE, level(findings(NOTHING_WAITS, waiting(500, 500)), "spool"));
  }

  @Test
  void whatWaitsForAKafkaThatIsGoneIsWrongAfterAMinute() {
    String gone = WELL.replace("\"problem\":null},\n \"spool\"", "\"problem\":\"x\"},\n \"spool\"");

    assertEquals(Level.NOTE, level(findings(gone.replace(NOTHING_WAITS, waiting(5, 59))), "spool"));
    assertEquals(
        Level.WRONG, level(findings(gone.replace(NOTHING_WAITS, waiting(5, 61))), "spool"));
  }

  @Test
  void aSpoolThatIsNearlyFullIsWrong() {
    assertEquals(Level.OK, level(findings(NOTHING_WAITS, waiting(799, 1)), "spool"));
    assertEquals(Level.WRONG, level(findings(NOTHING_WAITS, waiting(800, 1)), "spool"));
  }

  @Test
  void whatWasLostIsNoted() {
    List<Finding> findings =
        findings("{\"gaps\":0,\"bytes\":0,\"lines\":0}", "{\"gaps\":2,\"bytes\":2048,\"lines\":7}");

    assertEquals(
        "the shim dropped 2.0 KiB, 7 lines, in 2 places since 2026-01-31 12:00 UTC",
        findings.getLast().what());
  }

  @Test
  void connectionsThatAreNearlyUsedUpAreNoted() {
    assertEquals(Level.NOTE, level(findings("\"open\":3", "\"open\":14000"), "shim"));
  }

  @Test
  void strangersAreNamed() {
    List<Finding> findings =
        findings(
            "\"strangers\":[]",
            """
            "strangers":[
              {"uid":1000,"user":"bob","pid":77,"what":"sent 131072 bytes without a newline","since":"2026-01-31T13:00:00Z","count":1},
              {"uid":1001,"user":null,"pid":null,"what":"hit the limit of connections","since":"2026-01-31T13:00:00Z","count":12}]
            """);

    List<String> named =
        findings.stream().filter(f -> f.about().equals("stranger")).map(Finding::what).toList();
    assertEquals(
        List.of(
            "bob, process 77, sent 131072 bytes without a newline, since 2026-01-31 13:00 UTC",
            "uid 1001 hit the limit of connections, 12 times, since 2026-01-31 13:00 UTC"),
        named);
  }

  @Test
  void aHundredStrangersAreSummedUp() {
    String one =
        "{\"uid\":1,\"user\":null,\"pid\":null,\"what\":\"x\",\"since\":\"2026-01-31T13:00:00Z\",\"count\":1}";

    List<Finding> findings =
        findings("\"strangers\":[]", "\"strangers\":[" + (one + ",").repeat(99) + one + "]");

    assertEquals("and 90 more", findings.getLast().what());
  }
}
