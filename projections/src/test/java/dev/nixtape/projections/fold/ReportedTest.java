package dev.nixtape.projections.fold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Amendment;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.Used;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Report;
import dev.nixtape.projections.tape.SessionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// What a host's control agent says of builds that Nix tells of, too.
class ReportedTest {
  private static final String NAME = "alpha-1.0";
  private static final String DRV = "/nix/store/a5afb3xd46scncmlpyhdn7d68kdiq57g-alpha-1.0.drv";
  private static final String OTHER = "/nix/store/a5afb3xd46scncmlpyhdn7d68kdiq57g-other-1.0.drv";
  private static final long CLIENT = 11442;
  private static final long ROOT = 100L << 32;
  private static final long BUILD = ROOT + 5;

  private static final String BEGIN_ROOT =
      "{\"action\":\"start\",\"id\":%d,\"level\":0,\"parent\":0,\"text\":\"\",\"type\":104}"
          .formatted(ROOT);
  private static final String BEGIN =
      "{\"action\":\"start\",\"fields\":[\"%s\",\"\",1,1],\"id\":%d,\"level\":3,\"parent\":0,\"text\":\"\",\"type\":105}"
          .formatted(DRV, BUILD);
  private static final String KILLED =
      "{\"action\":\"msg\",\"level\":0,\"msg\":\"error: Cannot build '%s'.\\n       Reason: builder failed due to signal 9 (Killed).\\n       Last 1 log lines:\\n       > building\"}"
          .formatted(DRV);
  private static final String END = "{\"action\":\"stop\",\"id\":%d}".formatted(BUILD);

  private static final Report.Killing KILLING =
      new Report.Killing(DRV, "0198c0de-0000-7000-8000-000000000000", "alice", "it hangs");
  private static final Report.Used USED =
      new Report.Used(DRV, 60_000, 5_000, 1L << 31, 1_000_000L, 2_000_000L);

  private static String counted(long done, long running, long failed) {
    return "{\"action\":\"result\",\"fields\":[%d,1,%d,%d],\"id\":%d,\"type\":105}"
        .formatted(done, running, failed, ROOT);
  }

  private static final List<String> FAILURE =
      List.of(BEGIN_ROOT, BEGIN, counted(0, 1, 0), counted(0, 0, 1), KILLED, END);
  private static final List<String> SUCCESS =
      List.of(BEGIN_ROOT, BEGIN, counted(0, 1, 0), counted(1, 0, 0), END);
  private static final List<String> NO_EVIDENCE = List.of(BEGIN, END);
  private static final List<String> CUT = List.of(BEGIN_ROOT, BEGIN, counted(0, 1, 0));

  /// A worker's stream, and in it, before the line `at`, what an agent says.
  private static Tape told(List<String> lines, int at, Report... reports) {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    for (int i = 0; i <= lines.size(); i++) {
      if (i == at) {
        for (Report report : reports) {
          tape.report(report);
        }
      }
      if (i < lines.size()) {
        worker.tell(lines.get(i));
      }
    }
    worker.close();
    return tape;
  }

  @Test
  void aBuildThatFailedOrOfWhichNothingIsKnownWasInterruptedByWhoeverKilledIt() {
    for (List<String> lines : List.of(FAILURE, NO_EVIDENCE, CUT)) {
      Build build = told(lines, lines.indexOf(BEGIN) + 1, KILLING).build(NAME);

      assertEquals(Outcome.INTERRUPTED, build.outcome());
      assertEquals("interrupted by alice via nixtape: it hangs", build.reason());
      assertNull(build.exitCode());
      assertEquals(List.of(), build.lastLines());
      assertTrue(
          build
              .evidence()
              .contains(
                  new Build.Evidence(
                      "control", Outcome.INTERRUPTED, String.valueOf(build.reason()))),
          build::toString);
    }
  }

  @Test
  void whoGaveNoReasonIsNamedWithoutOne() {
    Report.Killing silent = new Report.Killing(DRV, KILLING.command(), "alice", "");

    assertEquals("interrupted by alice via nixtape", told(FAILURE, 2, silent).build(NAME).reason());
  }

  @Test
  void aReasonDoesNotMakeAnExitCode() {
    Report.Killing killing =
        new Report.Killing(DRV, KILLING.command(), "alice", "builder failed with exit code 7");

    assertNull(told(FAILURE, 2, killing).build(NAME).exitCode());
  }

  @Test
  void aBuildThatSucceedsInSpiteOfAKillingSucceeded() {
    Build build = told(SUCCESS, 2, KILLING).build(NAME);

    assertEquals(Outcome.SUCCEEDED, build.outcome());
    assertNull(build.reason());
  }

  @Test
  void aKillingIsOfWhatRunsThenAndNothingElse() {
    Report.Killing other =
        new Report.Killing(OTHER, KILLING.command(), KILLING.by(), KILLING.reason());
    Map<Integer, Report> without =
        Map.of(0, KILLING, 1, KILLING, 2, other, FAILURE.size(), KILLING);
    Build alone = told(FAILURE, -1).build(NAME);
    assertEquals(
        Outcome.UNKNOWN, told(NO_EVIDENCE, NO_EVIDENCE.size(), KILLING).build(NAME).outcome());
    without.forEach((at, report) -> {
      Build build = told(FAILURE, at, report).build(NAME);
      assertEquals(alone.reason(), build.reason(), at + " " + report);
      assertEquals(alone.evidence(), build.evidence(), at + " " + report);
    });
  }

  @Test
  void aKillingOnAnotherHostIsNotOfThisOne() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(BEGIN_ROOT, BEGIN, counted(0, 1, 0));
    tape.write(new LogEntry.Reported(new SessionId("builder-8", "agent"), tape.now(), KILLING));
    worker.tell(counted(0, 0, 1), KILLED, END);
    worker.close();

    assertEquals(Outcome.FAILED, tape.build(NAME).outcome());
  }

  /// Told once more after a crash of the agent, when the derivation is built again.
  @Test
  void aKillingFromBeforeABuildBeganIsNotOfIt() {
    Tape tape = told(FAILURE, 2, KILLING);
    LogEntry killing =
        tape.written.stream().filter(LogEntry.Reported.class::isInstance).findFirst().orElseThrow();
    tape.later(5_000);
    Tape.Stream again = tape.worker(CLIENT);
    again.tell(FAILURE.subList(0, 3).toArray(String[]::new));
    tape.write(killing);
    again.tell(FAILURE.subList(3, FAILURE.size()).toArray(String[]::new));
    again.close();

    assertEquals(
        List.of(Outcome.INTERRUPTED, Outcome.FAILED),
        tape.builds().stream().map(Build::outcome).toList());
  }

  @Test
  void whatABuilderPrintsInterruptsNothing() {
    String words = "interrupted by alice via nixtape: it hangs";
    List<String> lines = new ArrayList<>(FAILURE);
    lines.add(
        2,
        "{\"action\":\"result\",\"fields\":[\"%s\"],\"id\":%d,\"type\":101}"
            .formatted(words, BUILD));
    lines.add(2, KILLED.replace("builder failed due to signal 9 (Killed)", words));
    Build build = told(lines, -1).build(NAME);

    assertEquals(Outcome.FAILED, build.outcome());
    assertEquals("builder failed due to signal 9 (Killed)", build.reason());
  }

  @Test
  void whatABuildUsedGoesOutWithItOrAfterItWheneverItIsTold() {
    for (List<String> lines : List.of(FAILURE, SUCCESS, NO_EVIDENCE, CUT)) {
      int before = 0;
      int after = 0;
      for (int at = lines.indexOf(BEGIN) + 1; at <= lines.size(); at++) {
        for (Report[] told : List.of(new Report[] {USED}, new Report[] {USED, USED})) {
          Tape tape = told(lines, at, told);

          assertEquals(new Used(60_000, 5_000, 1L << 31, 3_000_000L), tape.amended(NAME).used());
          before += tape.amended.isEmpty() ? 1 : 0;
          after += tape.amended.size();
        }
      }
      assertTrue(before > 0, "never with the fact");
      assertEquals(lines.equals(SUCCESS) || lines.equals(FAILURE), after > 0, "after the fact");
    }
  }

  @Test
  void whatIsToldOfNoBuildOrTooLateIsOfNone() {
    Tape tape = new Tape();
    tape.report(USED);
    Tape.Stream worker = tape.worker(CLIENT);
    SUCCESS.forEach(worker::tell);
    tape.report(new Report.Used(OTHER, 1, 1, 1, null, null));
    tape.later(11_000);
    tape.report(USED);
    worker.close();

    assertNull(tape.amended(NAME).used());
    assertEquals(List.of(), tape.amended);
  }

  @Test
  void whereNobodyCountsInputAndOutputTheyAreUnknown() {
    Tape tape = told(SUCCESS, 2, new Report.Used(DRV, 1, 2, 3, 4L, null));

    assertEquals(new Used(1, 2, 3, null), tape.build(NAME).used());
  }

  /// It is tried again at once; what the first try used is told when the second one runs.
  @Test
  void eachTryIsToldWhatItUsed() {
    Report.Used second = new Report.Used(DRV, 2, 2, 2, null, null);
    for (int at = 2; at < SUCCESS.size(); at++) {
      Tape tape = new Tape();
      Tape.Stream worker = tape.worker(CLIENT);
      FAILURE.forEach(worker::tell);
      worker.close();
      Tape.Stream again = tape.worker(CLIENT);
      again.tell(SUCCESS.subList(0, at).toArray(String[]::new));
      tape.report(USED);
      again.tell(SUCCESS.subList(at, SUCCESS.size()).toArray(String[]::new));
      tape.report(second);
      again.close();

      assertEquals(
          tape.builds().stream().map(Build::id).toList(),
          tape.amended.stream().map(Amendment::id).toList());
      assertEquals(
          List.of(60_000L, 2L),
          tape.amended.stream().map(told -> told.used().cpuUserMs()).toList());
    }
  }

  @Test
  void whatIsToldAgainLaterIsNotOfTheNextTry() {
    Tape tape = told(SUCCESS, SUCCESS.size(), USED);
    LogEntry used =
        tape.written.stream().filter(LogEntry.Reported.class::isInstance).findFirst().orElseThrow();
    Tape.Stream again = tape.worker(CLIENT);
    again.tell(SUCCESS.subList(0, 3).toArray(String[]::new));
    tape.write(used);
    again.tell(SUCCESS.subList(3, SUCCESS.size()).toArray(String[]::new));
    again.close();

    assertNull(tape.builds().getLast().used());
    assertEquals(1, tape.amended.size());
  }

  /// Two streams, torn and interleaved at random, with what an agent says anywhere in them, nothing
  /// but the store left after any entry: the answers are always the same.
  @Test
  void neitherTearingNorInterleavingNorRestartsChangeWhatIsSaid() {
    Map<String, String> expected = new TreeMap<>();
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      boolean succeeds = seed % 2 == 0;
      Tape tape = interleaved(succeeds ? SUCCESS : FAILURE, random);
      Build build = tape.amended(NAME);

      String said = "%s %s %s".formatted(build.outcome(), build.reason(), build.used());
      assertEquals(
          expected.computeIfAbsent(succeeds ? "success" : "failure", _ -> said),
          said,
          "seed " + seed);
      assertEquals(1, tape.builds().size(), "seed " + seed);
      assertEquals(List.of(), tape.live(), "seed " + seed);
    }
    assertEquals(2, expected.size());
  }

  private static Tape interleaved(List<String> lines, Random random) {
    byte[] bytes = ByteSlice.of(String.join("\n", lines) + "\n").toArray();
    int begun = ByteSlice.of(String.join("\n", lines.subList(0, 2)) + "\n").toArray().length;
    int ending = ByteSlice.of(String.join("\n", lines.subList(0, 3)) + "\n").toArray().length;
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    Tape.Stream client = tape.client(CLIENT);
    int toldByWorker = 0;
    int toldByClient = 0;
    boolean killed = false;
    boolean used = false;
    while (toldByWorker < bytes.length || toldByClient < bytes.length) {
      int furthest = Math.max(toldByWorker, toldByClient);
      if (!killed && furthest >= begun && (furthest >= ending || random.nextInt(3) == 0)) {
        tape.report(KILLING);
        killed = true;
      }
      if (!used && killed && random.nextInt(5) == 0) {
        tape.report(USED);
        used = true;
      }
      boolean first = toldByClient == bytes.length || random.nextBoolean();
      if (first && toldByWorker < bytes.length) {
        int end = next(bytes, toldByWorker, killed ? bytes.length : ending, random);
        worker.tell(java.util.Arrays.copyOfRange(bytes, toldByWorker, end));
        toldByWorker = end;
      } else if (toldByClient < bytes.length) {
        int end = next(bytes, toldByClient, killed ? bytes.length : ending, random);
        client.tell(java.util.Arrays.copyOfRange(bytes, toldByClient, end));
        toldByClient = end;
      }
      tape.later(random.nextInt(50));
      if (random.nextInt(4) == 0) {
        tape.restart();
      }
    }
    if (!used) {
      tape.report(USED);
    }
    client.close();
    worker.close();
    return tape;
  }

  /// The end of a piece: up to `limit`, so that nothing is told of the end before the killing.
  private static int next(byte[] bytes, int from, int limit, Random random) {
    return Math.max(from, Math.min(Math.min(limit, bytes.length), from + 1 + random.nextInt(120)));
  }
}
