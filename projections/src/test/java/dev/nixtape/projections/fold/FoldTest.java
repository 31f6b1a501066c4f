package dev.nixtape.projections.fold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Session;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.LogEntry.Ending;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.SessionId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class FoldTest {
  private static final long CLIENT = 11442;
  private static final String DRV = "/nix/store/a5afb3xd46scncmlpyhdn7d68kdiq57g-alpha-1.0.drv";
  private static final long ROOT = 100L << 32;
  private static final long BUILD = ROOT + 5;

  private static String startRoot() {
    return "{\"action\":\"start\",\"id\":%d,\"level\":0,\"parent\":0,\"text\":\"\",\"type\":104}"
        .formatted(ROOT);
  }

  private static String startBuild(long id, String drv) {
    return "{\"action\":\"start\",\"fields\":[\"%s\",\"\",1,1],\"id\":%d,\"level\":3,\"parent\":0,\"text\":\"building\",\"type\":105}"
        .formatted(drv, id);
  }

  private static String counted(long done, long expected, long running, long failed) {
    return "{\"action\":\"result\",\"fields\":[%d,%d,%d,%d],\"id\":%d,\"type\":105}"
        .formatted(done, expected, running, failed, ROOT);
  }

  private static String logLine(String text) {
    return "{\"action\":\"result\",\"fields\":[\"%s\"],\"id\":%d,\"type\":101}"
        .formatted(text, BUILD);
  }

  private static String stop(long id) {
    return "{\"action\":\"stop\",\"id\":%d}".formatted(id);
  }

  private static String failure(String drv, String lastLine) {
    return "{\"action\":\"msg\",\"level\":0,\"msg\":\"error: Cannot build '%s'.\\n       Reason: builder failed with exit code 3.\\n       Last 1 log lines:\\n       > %s\"}"
        .formatted(drv, lastLine);
  }

  @Test
  void aBuildToldByClientAndWorkerIsOneBuild() {
    Tape tape = bothTell("success", new Random(1));

    assertEquals(1, tape.builds().size());
    Build build = tape.build("alpha-1.0");
    assertEquals(Outcome.SUCCEEDED, build.outcome());
    assertEquals("alice", build.user());
    assertEquals(1000L, build.uid());
    assertEquals(1, build.logLines());
    assertEquals(List.of("buildPhase"), build.phases().stream().map(p -> p.name()).toList());
    assertEquals("alpha", build.pname());
    assertEquals("1.0", build.version());
  }

  @Test
  void anyInterleavingOfTheTwoStreamsTellsTheSame() {
    for (String recording : List.of("success", "failure", "interrupt", "kill", "keep-going")) {
      Map<String, String> once = essence(bothTell(recording, new Random(0)));
      for (int seed = 1; seed < 200; seed++) {
        assertEquals(
            once, essence(bothTell(recording, new Random(seed))), recording + " seed " + seed);
      }
    }
  }

  /// What must not depend on how two streams interleave.
  private static Map<String, String> essence(Tape tape) {
    Map<String, String> essence = new TreeMap<>();
    for (Build build : tape.finished) {
      String before =
          essence.put(
              build.kind() + " " + build.nixId(),
              "%s %s %s %s %s %d"
                  .formatted(
                      build.name(),
                      build.outcome(),
                      build.reason(),
                      build.lastLines(),
                      build.user(),
                      build.logLines()));
      assertNull(before, "told twice: " + build);
    }
    return essence;
  }

  private static Tape bothTell(String recording, Random random) {
    Tape tape = new Tape();
    Tape.Stream client = tape.client(CLIENT);
    Tape.Stream worker = tape.worker(CLIENT);
    byte[] clients = Tape.recording(recording + ".client");
    byte[] workers = Tape.recording(recording + ".worker");
    int c = 0;
    int w = 0;
    boolean clientOpen = true;
    boolean workerOpen = true;
    while (clientOpen || workerOpen) {
      if (clientOpen && (!workerOpen || random.nextBoolean())) {
        int end = lineEnd(clients, c, random.nextInt(5));
        client.tell(Arrays.copyOfRange(clients, c, end));
        c = end;
        if (c == clients.length) {
          client.close();
          clientOpen = false;
        }
      } else {
        int end = lineEnd(workers, w, random.nextInt(5));
        worker.tell(Arrays.copyOfRange(workers, w, end));
        w = end;
        if (w == workers.length) {
          worker.close();
          workerOpen = false;
        }
      }
      tape.later(1);
    }
    return tape;
  }

  private static int lineEnd(byte[] bytes, int from, int lines) {
    int end = from;
    for (int i = 0; i <= lines && end < bytes.length; i++) {
      while (bytes[end] != '\n') {
        end++;
      }
      end++;
    }
    return end;
  }

  @Test
  void aFailureHasReasonAndExitCodeAndItsDependentIsNoBuild() {
    Tape tape = bothTell("failure", new Random(3));

    assertEquals(1, tape.builds().size());
    Build build = tape.build("bad-2.0");
    assertEquals(Outcome.FAILED, build.outcome());
    assertEquals("builder failed with exit code 3", build.reason());
    assertEquals(3, build.exitCode());
    assertEquals(List.of("failing"), build.lastLines());
    assertEquals(
        List.of("counter", "message"),
        build.evidence().stream().map(Build.Evidence::source).sorted().toList());
  }

  @Test
  void whatAnInterruptOrAKilledClientCutsOffIsInterrupted() {
    assertEquals(
        Outcome.INTERRUPTED, bothTell("interrupt", new Random(5)).build("slow-1").outcome());
    assertEquals(Outcome.INTERRUPTED, bothTell("kill", new Random(5)).build("slow-1").outcome());
  }

  @Test
  void aFailureThatNobodyExplainsIsKnownByTheCounter() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(Tape.recording("nix-build.worker"));
    worker.close();

    Build build = tape.build("bad-2.0");
    assertEquals(Outcome.FAILED, build.outcome());
    assertNull(build.reason());
    assertNull(build.exitCode());
  }

  @Test
  void successesAndFailuresSideBySideAreToldApart() {
    Tape tape = bothTell("keep-going", new Random(7));

    assertEquals(Outcome.FAILED, tape.build("fixed-1").outcome());
    assertEquals(Outcome.FAILED, tape.build("bad-2.0").outcome());
    assertEquals(3, tape.build("bad-2.0").exitCode());
    assertEquals(Outcome.SUCCEEDED, tape.build("ok-2.0").outcome());
    assertEquals(Outcome.SUCCEEDED, tape.build("depok-2.0").outcome());
    assertEquals(4, tape.builds().size());
  }

  @Test
  void aRecordingCutAtEveryByteFoldsAndLeavesNothingRunning() {
    byte[] recording = Tape.recording("failure.worker");
    for (int cut = 0; cut <= recording.length; cut++) {
      Tape tape = new Tape();
      Tape.Stream worker = tape.worker(CLIENT);
      worker.tell(Arrays.copyOf(recording, cut));
      worker.close();

      assertEquals(List.of(), tape.live(), "cut at byte " + cut);
      assertEquals(List.of(), tape.openSessions(), "cut at byte " + cut);
      Session session = tape.endedSessions().getFirst();
      assertEquals(cut, session.tally().bytes(), "cut at byte " + cut);
      assertTrue(session.tally().unrecognised() <= 1, "cut at byte " + cut);
    }
  }

  @Test
  void chunksCutAtEveryByteTellTheSameAsWhole() {
    byte[] recording = Tape.recording("keep-going.worker");
    Tape whole = new Tape();
    Tape.Stream told = whole.worker(CLIENT);
    told.tell(recording);
    told.close();
    for (int cut = 1; cut < recording.length; cut++) {
      Tape tape = new Tape();
      Tape.Stream worker = tape.worker(CLIENT);
      worker.tell(Arrays.copyOf(recording, cut));
      worker.tell(Arrays.copyOfRange(recording, cut, recording.length));
      worker.close();

      assertEquals(essence(whole), essence(tape), "cut at byte " + cut);
      assertEquals(0, tape.endedSessions().getFirst().tally().unrecognised());
    }
  }

  @Test
  void republishedChunksChangeNothing() {
    byte[] recording = Tape.recording("keep-going.worker");
    Random random = new Random(11);
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    SessionId id = worker.id;
    int from = 0;
    while (from < recording.length) {
      int end = lineEnd(recording, from, random.nextInt(8));
      byte[] chunk = Arrays.copyOfRange(recording, from, end);
      worker.tell(chunk);
      if (random.nextInt(3) == 0) {
        int again = random.nextInt(from + 1);
        tape.write(new LogEntry.Lines(id, tape.now(), again, ByteSlice.of(recording, again, end)));
      }
      from = end;
    }
    worker.close();
    tape.write(new LogEntry.Lines(id, tape.now(), 0, ByteSlice.of(recording)));
    tape.write(new LogEntry.Closed(id, tape.now(), recording.length, Ending.end()));
    Tape once = new Tape();
    Tape.Stream told = once.worker(CLIENT);
    told.tell(recording);
    told.close();

    assertEquals(essence(once), essence(tape));
    Session session = tape.endedSessions().getFirst();
    assertEquals(recording.length, session.tally().bytes());
    assertEquals(0, session.tally().gaps());
    assertTrue(session.tally().repeated() > 0);
    assertEquals(1, tape.endedSessions().size());
  }

  @Test
  void missingBytesAreCountedWithAndWithoutAGapEntry() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(startBuild(BUILD, DRV));
    tape.write(
        new LogEntry.Gap(
            worker.id, tape.now(), worker.offset(), 1000, 9, tape.now(), "Kafka was away"));
    worker.skip(1000);
    worker.tell(logLine("after the gap"));
    worker.skip(50);
    worker.tell(stop(BUILD));
    worker.close();

    Session session = tape.endedSessions().getFirst();
    assertEquals(2, session.tally().gaps());
    assertEquals(1050, session.tally().missing());
    assertEquals(9, session.tally().missingLines());
    assertEquals(
        List.of("Kafka was away", "not in the log"),
        session.losses().stream().map(Session.Loss::why).toList());
    assertEquals(1, tape.build("alpha-1.0").logLines());
  }

  @Test
  void aMessageAloneFlipsNoOutcome() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(
        startRoot(),
        startBuild(BUILD, DRV),
        counted(0, 1, 1, 0),
        failure(DRV, "made up"),
        counted(1, 1, 0, 0),
        stop(BUILD));
    worker.close();

    Build build = tape.build("alpha-1.0");
    assertEquals(Outcome.SUCCEEDED, build.outcome());
    assertNull(build.reason());
    assertEquals(2, build.evidence().size());
  }

  @Test
  void whatBuildersSayOfFailuresIsNotRepeatedUnlessTheyFail() {
    int repeated = 0;
    for (int seed = 0; seed < 500; seed++) {
      Random random = new Random(seed);
      Tape tape = new Tape();
      Tape.Stream worker = tape.worker(CLIENT);
      worker.tell(startRoot());
      List<Long> running = new ArrayList<>();
      long begun = 0;
      long done = 0;
      long failed = 0;
      for (int step = 0; step < 20; step++) {
        switch (random.nextInt(3)) {
          case 0 -> {
            long id = BUILD + begun++;
            running.add(id);
            worker.tell(startBuild(id, drv(id)), counted(done, begun, running.size(), failed));
          }
          case 1 -> {
            long accused = BUILD + random.nextInt(6);
            worker.tell(failure(drv(accused), "made up"));
          }
          default -> {
            if (!running.isEmpty()) {
              long id = running.remove(random.nextInt(running.size()));
              if (random.nextInt(4) == 0) {
                failed++;
              } else {
                done++;
              }
              worker.tell(counted(done, begun, running.size(), failed), stop(id));
            }
          }
        }
      }
      worker.close();
      for (Build build : tape.builds()) {
        if (build.outcome() != Outcome.FAILED) {
          assertEquals(List.of(), build.lastLines(), "seed " + seed + ": " + build);
        }
        repeated += build.lastLines().size();
      }
    }
    assertTrue(repeated > 0, "nothing was tested");
  }

  private static String drv(long id) {
    return "/nix/store/a5afb3xd46scncmlpyhdn7d68kdiq57g-number-%d.drv".formatted(id - BUILD);
  }

  @Test
  void nixsOwnWordsReplaceWhatABuilderMadeUp() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(
        startRoot(),
        startBuild(BUILD, DRV),
        counted(0, 1, 1, 0),
        failure(DRV, "made up"),
        failure(DRV, "failing"),
        counted(0, 1, 0, 1),
        stop(BUILD));
    worker.close();

    assertEquals(List.of("failing"), tape.build("alpha-1.0").lastLines());
  }

  @Test
  void withoutAnyEvidenceTheOutcomeIsUnknown() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(startBuild(BUILD, DRV), failure(DRV, "made up"), stop(BUILD));
    worker.close();

    assertEquals(Outcome.UNKNOWN, tape.build("alpha-1.0").outcome());
  }

  @Test
  void theOnlyFailureIsExplainedByAnErrorThatNamesNoDerivation() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(
        startRoot(),
        startBuild(BUILD, DRV),
        counted(0, 1, 1, 0),
        counted(0, 1, 0, 1),
        stop(BUILD),
        "{\"action\":\"msg\",\"level\":0,\"msg\":\"error: timed out after 2 seconds\"}");
    worker.close();

    assertEquals("timed out after 2 seconds", tape.build("alpha-1.0").reason());
  }

  @Test
  void outputsThatAppearedSpeakForSuccessWhereNothingElseDoes() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT, true);
    worker.tell(startBuild(BUILD, DRV));
    String out = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-alpha-1.0";
    observe(
        tape,
        worker,
        new Observation.DerivationRead(
            BUILD,
            DRV,
            "Derive([(\"out\",\"%s\",\"\",\"\")],[],[],\"x86_64-linux\",\"/bin/sh\",[],[(\"pname\",\"alpha\"),(\"version\",\"1.0\")])"
                .formatted(out),
            List.of()));
    worker.tell(stop(BUILD));
    assertEquals(List.of(), tape.finished);
    observe(tape, worker, new Observation.OutputsChecked(BUILD, DRV, List.of(out), List.of()));

    Build build = tape.build("alpha-1.0");
    assertEquals(Outcome.SUCCEEDED, build.outcome());
    assertEquals("x86_64-linux", build.system());
    assertEquals(out, build.storePath());
  }

  @Test
  void whatAClientAskedForIsItsSessionsAndWhatABuildNeedsChangesNothing() {
    Tape tape = new Tape();
    Tape.Stream client = tape.client(CLIENT);
    observe(tape, client, new Observation.Planned(List.of(DRV)));
    client.tell(startBuild(BUILD, DRV));
    Map<String, String> before = tape.remembered();

    observe(tape, client, new Observation.DerivationKnown(BUILD, DRV, "Derive("));

    assertEquals(before, tape.remembered());
    assertEquals(List.of(DRV), tape.openSessions().getFirst().wanted());
    client.close();
    assertEquals(List.of(DRV), tape.endedSessions().getFirst().wanted());
  }

  private static void observe(Tape tape, Tape.Stream stream, Observation observation) {
    tape.write(new LogEntry.Observed(stream.id, tape.now(), stream.offset(), observation));
  }

  @Test
  void aBuildAfterWhichNobodyListenedIsUnknown() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(startBuild(BUILD, DRV));
    tape.later(5000);
    tape.write(
        new LogEntry.Listening(
            SessionId.at(Tape.HOST, tape.now(), 99),
            tape.now(),
            Tape.BOOT,
            "/run/nix.sock",
            List.of()));

    assertEquals(Outcome.UNKNOWN, tape.build("alpha-1.0").outcome());
    assertEquals("unheard", tape.endedSessions().getFirst().ending());
    assertEquals(List.of(), tape.openSessions());
  }

  @Test
  void aBuildWhoseSessionANewShimKeptRunsOn() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(startBuild(BUILD, DRV));
    tape.write(
        new LogEntry.Listening(
            SessionId.at(Tape.HOST, tape.now(), 99),
            tape.now(),
            Tape.BOOT,
            "/run/nix.sock",
            List.of(worker.id.id())));

    assertEquals(1, tape.openSessions().size());
    assertTrue(tape.live().getFirst().running());
  }

  @Test
  void aShimThatIsToldOfAgainDoesNotCloseWhatItOpened() {
    Tape tape = new Tape();
    LogEntry.Listening listening =
        new LogEntry.Listening(
            SessionId.at(Tape.HOST, tape.now(), 99),
            tape.now(),
            Tape.BOOT,
            "/run/nix.sock",
            List.of());
    tape.write(listening);
    tape.later(10);
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(startBuild(BUILD, DRV));

    tape.write(listening);

    assertEquals(1, tape.openSessions().size());
    assertTrue(tape.live().getFirst().running());
  }

  @Test
  void anIdThatComesAgainLaterIsAnotherActivity() {
    Tape tape = new Tape();
    for (int i = 0; i < 2; i++) {
      Tape.Stream worker = tape.worker(CLIENT);
      worker.tell(startBuild(BUILD, DRV), stop(BUILD));
      worker.close();
      tape.later(1000);
    }

    assertEquals(2, tape.builds().size());
    assertNotEquals(tape.builds().get(0).id(), tape.builds().get(1).id());
  }

  @Test
  void aSlowPipeThatTellsOfASettledBuildTellsNothingNew() {
    Tape tape = new Tape();
    Tape.Stream pipe = tape.pipe();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(Tape.recording("success.worker"));
    worker.close();
    tape.later(2000);
    pipe.tell(Tape.recording("success.client"));
    pipe.close();

    assertEquals(1, tape.builds().size());
  }

  @Test
  void whatCannotBeReadIsCountedAndTheRestGoesOn() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(
        "no JSON",
        "{\"action\":\"start\",\"id\":1,\"level\":0,\"text\":\"\",\"type\":4711}",
        "{\"action\":\"dance\",\"id\":1}",
        "{\"action\":\"stop\",\"id\":-1}",
        "{\"action\":\"stop\"",
        "",
        startBuild(BUILD, DRV));
    worker.tell(new byte[] {(byte) 0xff, (byte) 0xfe, '\n'});
    worker.tell(logLine("still there"), stop(BUILD));
    worker.close();

    Session session = tape.endedSessions().getFirst();
    assertEquals(7, session.tally().unrecognised());
    assertEquals(10, session.tally().lines());
    assertEquals(1, tape.build("alpha-1.0").logLines());
  }

  /// Nobody listened, and both could write to the file: every line is in it twice, of each writer
  /// in its order.
  @Test
  void aFileOfTwoWritersTellsEverythingOnce() {
    for (String name : List.of("success", "failure", "keep-going")) {
      List<String> worker = lines(name + ".worker");
      Tape once = new Tape();
      Tape.Stream alone = once.file();
      worker.forEach(alone::tell);
      alone.close();
      for (int seed = 0; seed < 50; seed++) {
        Random random = new Random(seed);
        Tape twice = new Tape();
        Tape.Stream both = twice.file();
        int ahead = 0;
        int behind = 0;
        while (behind < worker.size()) {
          if (ahead < worker.size()
              && (ahead - behind < 1 || random.nextInt(20) > ahead - behind)) {
            both.tell(worker.get(ahead++));
          } else {
            both.tell(worker.get(behind++));
          }
        }
        both.close();
        assertEquals(toldOf(once), toldOf(twice), name + " " + seed);
      }
    }
  }

  private static List<String> lines(String recording) {
    return ByteSlice.of(Tape.recording(recording)).toString().lines().toList();
  }

  private static List<String> toldOf(Tape tape) {
    return tape.finished.stream()
        .map(build ->
            "%s %s %s %s %d %s"
                .formatted(
                    build.kind(),
                    build.name(),
                    build.outcome(),
                    build.reason(),
                    build.logLines(),
                    build.phases().stream().map(Build.PhaseTime::name).toList()))
        .sorted()
        .toList();
  }

  @Test
  void aPipesOtherOutputIsTextAndAnEventBehindItIsHeard() {
    Tape tape = new Tape();
    Tape.Stream pipe = tape.pipe();
    pipe.tell("warning: something", "/nix/store/top-l@nix " + startBuild(BUILD, DRV));
    pipe.tell("@nix " + stop(BUILD));
    pipe.close();

    assertEquals(1, tape.endedSessions().getFirst().tally().text());
    assertEquals(0, tape.endedSessions().getFirst().tally().unrecognised());
    assertEquals(1, tape.builds().size());
  }

  @Test
  void aLogLineOfMegabytesIsOneLogLine() {
    Tape tape = new Tape();
    Tape.Stream worker = tape.worker(CLIENT);
    worker.tell(startBuild(BUILD, DRV));
    byte[] line =
        (logLine("\\\"é\\u00e9\\\\x".repeat(300_000)) + "\n")
            .getBytes(java.nio.charset.StandardCharsets.UTF_8);
    for (int from = 0; from < line.length; from += 500_001) {
      worker.tell(Arrays.copyOfRange(line, from, Math.min(line.length, from + 500_001)));
    }
    worker.tell(stop(BUILD));
    worker.close();

    assertEquals(1, tape.build("alpha-1.0").logLines());
    assertEquals(0, tape.endedSessions().getFirst().tally().unrecognised());
  }

  /// The worker tells of it as the build, and tells what the other machine's daemon told it: the
  /// same derivation under another id, with the log. Client and worker both do.
  @Test
  void aBuildOnAnotherMachineIsOneBuild() {
    long inner = BUILD + 7;
    List<String> told =
        List.of(
            startBuild(BUILD, DRV).replace("\"\",1,1", "\"ssh-ng://big\",1,1"),
            startBuild(inner, DRV),
            "{\"action\":\"result\",\"fields\":[\"buildPhase\"],\"id\":%d,\"type\":104}"
                .formatted(inner),
            logLine("made").replace(Long.toString(BUILD), Long.toString(inner)),
            stop(inner),
            stop(BUILD));
    for (int lag = 0; lag <= told.size(); lag++) {
      Tape tape = new Tape();
      Tape.Stream worker = tape.worker(CLIENT);
      Tape.Stream client = tape.client(CLIENT);
      for (int line = 0; line < told.size() + lag; line++) {
        if (line < told.size()) {
          worker.tell(told.get(line));
        }
        if (line >= lag) {
          client.tell(told.get(line - lag));
        }
        tape.restart();
      }
      worker.close();
      client.close();

      assertEquals(1, tape.builds().size(), "lag " + lag);
      Build build = tape.builds().getFirst();
      assertEquals("ssh-ng://big", build.machine());
      assertEquals(1, build.logLines());
      assertEquals("buildPhase", build.phase());
      assertEquals(List.of(), tape.live());
    }
  }

  @Test
  void aRestartAfterEveryEntryChangesNothing() {
    for (String name : List.of("success", "failure", "keep-going", "interrupt", "kill")) {
      Tape whole = new Tape();
      Tape restarted = new Tape();
      for (Tape tape : List.of(whole, restarted)) {
        Tape.Stream worker = tape.worker(CLIENT, true);
        for (String line : lines(name + ".worker")) {
          worker.tell(line);
          if (tape.equals(restarted)) {
            tape.restart();
          }
        }
        worker.close();
      }
      assertEquals(whole.finished, restarted.finished, name);
      assertEquals(whole.remembered(), restarted.remembered(), name);
      assertEquals(whole.live(), restarted.live(), name);
    }
  }

  @Test
  void whatIsRememberedOfAClosedSessionIsForgottenInTime() {
    Tape tape = bothTell("keep-going", new Random(1));
    tape.later(3_600_000);
    for (int client = 1; client < 16; client++) {
      tape.client(client).close();
    }

    assertTrue(
        tape.remembered().keySet().stream()
            .allMatch(key -> key.startsWith(Memory.ENDED) || key.startsWith(Memory.HOSTS)),
        () -> tape.remembered().keySet().toString());
  }
}
