package dev.nixtape.cli.doctor;

import static dev.nixtape.cli.doctor.Root.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Session;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class StrangersTest {
  private static final Instant HOUR_AGO = NOW.minusSeconds(3600);
  private static final Instant DAYS_AGO = NOW.minusSeconds(3 * 86_400);

  private static Session session(
      String kind, long pid, Instant openedAt, Instant lastAt, long bytes, long lines, long bad) {
    return new Session(
        "h/s" + pid,
        "h",
        kind,
        "/run/nixtape/nix.sock",
        pid,
        null,
        "bob",
        1000L,
        List.of("nc", "-U"),
        openedAt,
        lastAt,
        null,
        null,
        null,
        null,
        List.of(),
        new Session.Tally(1, bytes, lines, 0, bad, 0, 0, 0, 0),
        List.of());
  }

  private static Session socket(
      Instant openedAt, Instant lastAt, long bytes, long lines, long bad) {
    return session("socket", 77, openedAt, lastAt, bytes, lines, bad);
  }

  private static List<String> named(Session... sessions) {
    return Strangers.findings(List.of(sessions), NOW).stream().map(Finding::what).toList();
  }

  @Test
  void aNixThatWorksIsNoStranger() {
    assertEquals(List.of(), named(socket(DAYS_AGO, HOUR_AGO, 90_000, 900, 10)));
  }

  @Test
  void whoIsSilentForADayIsNamed() {
    assertEquals(
        List.of("bob, process 77, on h is silent for 3 days (nc -U)"),
        named(socket(DAYS_AGO, DAYS_AGO, 90_000, 900, 0)));
  }

  @Test
  void aPipeMayBeSilent() {
    assertEquals(List.of(), named(session("pipe", 77, DAYS_AGO, DAYS_AGO, 90_000, 900, 0)));
  }

  @Test
  void whoSendsNoNewlineIsNamedAfterAMinute() {
    assertEquals(List.of(), named(socket(NOW.minusSeconds(59), NOW, 131_072, 0, 0)));
    assertEquals(
        List.of("bob, process 77, on h sent 128.0 KiB without a newline in 61 s (nc -U)"),
        named(socket(NOW.minusSeconds(61), NOW, 131_072, 0, 0)));
  }

  @Test
  void whoSendsMostlyGarbageIsNamed() {
    assertEquals(List.of(), named(socket(HOUR_AGO, NOW, 900, 100, 100)));
    assertEquals(List.of(), named(socket(HOUR_AGO, NOW, 9000, 1000, 500)));
    assertEquals(
        List.of(
            "bob, process 77, on h sent 1,000 lines, and 501 of them are none of Nix's (nc -U)"),
        named(socket(HOUR_AGO, NOW, 9000, 1000, 501)));
  }

  @Test
  void manyConnectionsOfOneUserAreOneFinding() {
    List<String> named =
        named(
            session("socket", 1, DAYS_AGO, DAYS_AGO, 0, 0, 0),
            session("socket", 2, DAYS_AGO, DAYS_AGO, 0, 0, 0),
            session("socket", 3, DAYS_AGO, DAYS_AGO, 0, 0, 0));

    assertEquals(1, named.size());
    assertTrue(named.getFirst().endsWith("and so did 2 other connections"), named.getFirst());
  }
}
