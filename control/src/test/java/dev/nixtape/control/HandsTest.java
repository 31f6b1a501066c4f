package dev.nixtape.control;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.control.Builder.Cgroup;
import dev.nixtape.control.Builder.Evidence;
import dev.nixtape.control.Builder.Pid;
import dev.nixtape.control.ControlPlan.Act;
import dev.nixtape.control.LiveBuild.Kind;
import dev.nixtape.projections.control.Result;
import dev.nixtape.projections.control.Result.Done;
import dev.nixtape.projections.control.Result.Refused;
import dev.nixtape.projections.control.Result.Shown;
import dev.nixtape.projections.control.Result.Why;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@EnabledOnOs(OS.LINUX)
class HandsTest {
  private static final Proc PROC = LiveBuild.PROC;

  private final Hands hands = new Hands(PROC);

  static List<Kind> kinds() {
    return Kind.here();
  }

  private static Step step(LiveBuild build, String file, String text, Signal signal) {
    return build.builder().cgroup().isPresent()
        ? new Step.Write(file, text)
        : new Step.Send(signal);
  }

  private static Step freeze(LiveBuild build) {
    return step(build, "cgroup.freeze", "1", Signal.STOP);
  }

  private static Step thaw(LiveBuild build) {
    return step(build, "cgroup.freeze", "0", Signal.CONT);
  }

  private static Step kill(LiveBuild build) {
    return step(build, "cgroup.kill", "1", Signal.KILL);
  }

  private Result.Ending carryOut(LiveBuild build, Step... steps) {
    return hands.carryOut(new Act(build.builder(), List.of(steps)));
  }

  private static void assertRefused(Why why, Result.Ending ending) {
    assertEquals(why, assertInstanceOf(Refused.class, ending).why(), ending.toString());
  }

  /// As the kernel has it.
  private static boolean frozen(LiveBuild build) {
    Optional<Cgroup> cgroup = build.builder().cgroup();
    return cgroup.isPresent()
        ? PROC.text(cgroup.get().folder().resolve("cgroup.events")).contains("frozen 1")
        : build.pids().stream().allMatch(pid -> PROC.stat(pid).orElseThrow().stopped());
  }

  private static boolean whole(LiveBuild build) {
    return build.runs() && build.pids().size() == 3;
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aFrozenBuildIsThawed(Kind kind) throws Exception {
    try (LiveBuild build = LiveBuild.start(kind, LiveBuild.SLEEPERS, 3)) {
      assertInstanceOf(Done.class, carryOut(build, freeze(build)));
      assertTrue(frozen(build));

      assertInstanceOf(Done.class, carryOut(build, thaw(build)));
      assertFalse(frozen(build));
      assertTrue(whole(build));
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aKilledBuildIsGoneWithAllItsProcesses(Kind kind) throws Exception {
    try (LiveBuild build = LiveBuild.start(kind, LiveBuild.SLEEPERS, 3)) {
      List<Pid> all = build.all();

      assertInstanceOf(Done.class, carryOut(build, kill(build)));
      assertTrue(all.stream().noneMatch(PROC::runs));
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aFrozenBuildCanBeKilled(Kind kind) throws Exception {
    try (LiveBuild build = LiveBuild.start(kind, LiveBuild.SLEEPERS, 3)) {
      List<Pid> all = build.all();

      assertInstanceOf(Done.class, carryOut(build, freeze(build), kill(build)));
      assertTrue(all.stream().noneMatch(PROC::runs));
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aBuildThatForksAllTheTimeIsKilledWhole(Kind kind, @TempDir Path marker) throws Exception {
    String forks =
        "(while :; do sh -c 'sleep 5; :' %s & sleep 0.005; done) & wait".formatted(marker);
    try (LiveBuild build = LiveBuild.start(kind, forks, 9)) {
      assertInstanceOf(Done.class, carryOut(build, kill(build)));

      assertEquals(
          List.of(),
          PROC.all().stream()
              .filter(pid -> PROC.command(pid, 1024).contains(marker.toString()))
              .filter(pid -> PROC.stat(pid).filter(stat -> !stat.ended()).isPresent())
              .toList());
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aSignalReachesEachProcess(Kind kind) throws Exception {
    try (LiveBuild build = LiveBuild.start(kind, LiveBuild.SLEEPERS, 3)) {
      List<Pid> all = build.all();
      String pids =
          all.stream().map(process -> "" + process.pid()).collect(Collectors.joining(" "));

      assertEquals(
          new Done(List.of("SIGTERM to processes " + pids)),
          carryOut(build, new Step.Send(Signal.TERM)));
      LiveBuild.await(() -> all.stream().noneMatch(PROC::runs));
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void theBuilderStandsBeforeItsChildren(Kind kind) throws Exception {
    try (LiveBuild build = LiveBuild.start(kind, "sh -c 'sleep 1000; :' & sleep 2000; :", 4)) {
      LiveBuild.await(() ->
          build.pids().stream().filter(pid -> PROC.command(pid, 100).contains("sleep")).count()
              == 2);
      Shown shown = assertInstanceOf(Shown.class, carryOut(build, new Step.ShowProcesses()));

      List<Result.Process> processes = requireNonNull(shown.processes());
      assertEquals(
          List.of("sh", "sh", "sleep 1000", "sleep 2000"),
          processes.stream()
              .map(process -> String.join(" ", process.command()).replaceFirst("^sh.*", "sh"))
              .toList());
      assertEquals(build.process().pid(), processes.getFirst().pid());
      assertEquals(processes.get(1).pid(), processes.get(2).ppid());
      assertTrue(processes.getFirst().rss() > 100_000, processes.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void theEnvironmentIsShownWithoutItsSecrets(Kind kind) throws Exception {
    try (LiveBuild build = LiveBuild.start(kind, LiveBuild.SLEEPERS, 3)) {
      Shown shown = assertInstanceOf(Shown.class, carryOut(build, new Step.ShowEnvironment()));

      Map<String, String> environment = requireNonNull(shown.environment());
      assertEquals("***", environment.get("NIXTAPE_TEST_TOKEN"));
      assertEquals("plain", environment.get("NIXTAPE_TEST"));
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void whatHasEndedIsNotRunning(Kind kind) throws Exception {
    LiveBuild build = LiveBuild.start(kind, LiveBuild.SLEEPERS, 3);
    build.close();

    for (Step step :
        List.of(
            freeze(build),
            thaw(build),
            kill(build),
            new Step.Send(Signal.TERM),
            new Step.ShowProcesses(),
            new Step.ShowEnvironment())) {
      assertRefused(Why.NOT_RUNNING, carryOut(build, step));
    }
  }

  @Test
  void anotherProcessOfTheSameNumberIsNotTouched() throws Exception {
    try (LiveBuild build = LiveBuild.alone(LiveBuild.SLEEPERS, 3)) {
      Builder of = build.builder();
      Builder former =
          new Builder(
              of.drvPath(),
              new Pid(of.process().pid(), of.process().start() - 1),
              Optional.empty(),
              of.uid(),
              false,
              of.evidence(),
              Optional.empty());

      for (Signal signal : List.of(Signal.STOP, Signal.KILL, Signal.TERM)) {
        assertRefused(
            Why.NOT_RUNNING, hands.carryOut(new Act(former, List.of(new Step.Send(signal)))));
      }
      assertTrue(whole(build));
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aBuildThatCameIntoTheSameCgroupIsNotTouched(Kind kind) throws Exception {
    LiveBuild planned = LiveBuild.start(kind, LiveBuild.SLEEPERS, 3);
    planned.close();
    try (LiveBuild next = planned.successor()) {
      assertRefused(Why.NOT_RUNNING, carryOut(planned, kill(planned)));
      assertRefused(Why.NOT_RUNNING, carryOut(planned, new Step.Send(Signal.TERM)));

      assertTrue(whole(next));
    }
  }

  /// Between the look at a build's processes and the signal.
  @Test
  void aSignalComparesTheProcessOnceMore() throws Exception {
    try (LiveBuild build = LiveBuild.alone(LiveBuild.SLEEPERS, 3)) {
      Pid pid = build.builder().process();

      assertFalse(hands.signal(new Pid(pid.pid(), pid.start() - 1), Signal.KILL));
      assertTrue(whole(build));
      assertTrue(hands.signal(pid, Signal.WINCH));
    }
  }

  @Test
  void aCgroupMadeAgainIsRefusedByItsInode(@TempDir Path folder) throws Exception {
    ScratchHost host = new ScratchHost(folder);
    Path cgroup = host.cgroup("/nix-build-uid-30001");
    Builder builder = self(cgroup);
    Path again = host.cgroup("/again");
    Files.move(cgroup, folder.resolve("removed"));
    Files.move(again, cgroup);

    assertRefused(
        Why.NOT_RUNNING,
        hands.carryOut(new Act(builder, List.of(new Step.Write("cgroup.kill", "1")))));
    assertEquals("", Files.readString(cgroup.resolve("cgroup.kill")));
  }

  @Test
  void aCgroupWhoseBuilderEndedIsRefused(@TempDir Path folder) throws Exception {
    Path cgroup = new ScratchHost(folder).cgroup("/nix-build-uid-30001");
    Builder self = self(cgroup);
    Builder former =
        new Builder(
            self.drvPath(),
            new Pid(self.process().pid(), self.process().start() - 1),
            self.cgroup(),
            self.uid(),
            false,
            self.evidence(),
            Optional.empty());

    assertRefused(
        Why.NOT_RUNNING,
        hands.carryOut(new Act(former, List.of(new Step.Write("cgroup.kill", "1")))));
    assertEquals("", Files.readString(cgroup.resolve("cgroup.kill")));
  }

  /// This process, as if it built.
  private static Builder self(Path cgroup) {
    Pid self = PROC.process(ProcessHandle.current().pid()).orElseThrow();
    return new Builder(
        "/nix/store/a92vf922jf6dvqbjii8k1wimq1xw9s69-live.drv",
        self,
        Optional.of(new Cgroup(cgroup, Inode.of(cgroup).orElseThrow())),
        PROC.uid(self.pid()).orElseThrow(),
        false,
        Set.of(Evidence.CHROOT),
        Optional.empty());
  }

  @Test
  void whatIsPlannedIsWrittenToTheCgroupsFiles(@TempDir Path folder) throws Exception {
    ScratchHost host = new ScratchHost(folder);
    Path cgroup = host.cgroup("/nix-build-uid-30001");
    for (String file : List.of("cpu.max", "memory.max")) {
      ScratchHost.write(cgroup.resolve(file), "");
    }

    Result.Ending ending =
        hands.carryOut(
            new Act(
                self(cgroup),
                List.of(
                    new Step.Write("cpu.max", "50000 100000"),
                    new Step.Write("memory.max", "1000"))));

    assertEquals(
        new Done(List.of("cpu.max = 50000 100000 in " + cgroup, "memory.max = 1000 in " + cgroup)),
        ending);
    assertEquals("50000 100000", Files.readString(cgroup.resolve("cpu.max")));
    assertEquals("1000", Files.readString(cgroup.resolve("memory.max")));
  }

  @Test
  void whatFailsSaysWhatWasDoneBefore(@TempDir Path folder) throws Exception {
    ScratchHost host = new ScratchHost(folder);
    Path cgroup = host.cgroup("/nix-build-uid-30001");
    ScratchHost.write(cgroup.resolve("cpu.max"), "");

    Refused refused =
        assertInstanceOf(
            Refused.class,
            hands.carryOut(
                new Act(
                    self(cgroup),
                    List.of(
                        new Step.Write("cpu.max", "50000 100000"),
                        new Step.Write("memory.max", "1000")))));

    assertEquals(Why.FAILED, refused.why());
    assertTrue(refused.says().startsWith("cpu.max = 50000 100000 in "), refused.says());
    assertTrue(refused.says().contains("no memory.max"), refused.says());
    assertFalse(Files.exists(cgroup.resolve("memory.max")));
  }

  @Test
  void whatHasNoEffectIsAFailure(@TempDir Path folder) throws Exception {
    Path cgroup = new ScratchHost(folder).cgroup("/nix-build-uid-30001");

    Result.Ending ending =
        new Hands(PROC, Duration.ofMillis(20))
            .carryOut(new Act(self(cgroup), List.of(new Step.Write("cgroup.freeze", "1"))));

    assertRefused(Why.FAILED, ending);
    assertTrue(ending.toString().contains("no 'frozen 1'"), ending.toString());
  }

  static boolean root() {
    return System.getProperty("user.name").equals("root");
  }

  @Test
  @EnabledIf("root")
  void whatLetItsParentEndIsKilledWithTheUserThatIsTheBuilds() throws Exception {
    String user = "setpriv --reuid 59999 --clear-groups ";
    try (LiveBuild before = LiveBuild.alone("exec " + user + "sleep 1000", 1);
        LiveBuild own = LiveBuild.alone("exec sleep 1000", 1);
        LiveBuild build =
            LiveBuild.alone("exec " + user + "sh -c '(setsid sleep 3000 &); sleep 2000; :'", 2)) {
      Builder of = build.builder();
      LiveBuild.await(() -> PROC.uid(of.process().pid()).orElse(0) == 59_999 && daemons() == 1);
      Builder builder =
          new Builder(
              of.drvPath(),
              of.process(),
              Optional.empty(),
              59_999,
              true,
              of.evidence(),
              Optional.empty());

      assertInstanceOf(
          Done.class, hands.carryOut(new Act(builder, List.of(new Step.Send(Signal.KILL)))));

      assertEquals(0, daemons());
      assertTrue(before.runs());
      assertTrue(own.runs());
    }
  }

  private static long daemons() {
    return PROC.all().stream()
        .filter(pid -> PROC.command(pid, 100).equals(List.of("sleep", "3000")))
        .filter(pid -> PROC.uid(pid).orElse(0) == 59_999)
        .count();
  }

  /// Eight builds; each time one of them is meant, and as often as not it ends at that very moment,
  /// and another one takes its place.
  @ParameterizedTest
  @MethodSource("kinds")
  void inAHundredRoundsNoBuildIsKilledButTheOneThatIsMeant(Kind kind) throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<LiveBuild> builds = new ArrayList<>();
    try {
      for (int i = 0; i < 8; i++) {
        builds.add(LiveBuild.start(kind, LiveBuild.SLEEPERS, 3));
      }
      for (int round = 0; round < 100; round++) {
        String which = "seed %d, round %d".formatted(seed, round);
        int meant = random.nextInt(builds.size());
        LiveBuild build = builds.get(meant);
        List<Pid> all = build.all();
        boolean ends = random.nextBoolean();
        int nanos = random.nextInt(3_000_000);
        CompletableFuture<LiveBuild> next =
            CompletableFuture.supplyAsync(() -> {
              LockSupport.parkNanos(nanos);
              return ends ? build.replaced() : build;
            });
        LockSupport.parkNanos(random.nextInt(3_000_000));

        Result.Ending ending = carryOut(build, kill(build));

        builds.set(meant, ends ? next.join() : build.replaced());
        assertTrue(all.stream().noneMatch(PROC::runs), which);
        assertTrue(builds.stream().allMatch(HandsTest::whole), which);
        if (!ends) {
          assertInstanceOf(Done.class, ending, which);
        } else if (!(ending instanceof Done)) {
          assertRefused(Why.NOT_RUNNING, ending);
        }
      }
    } finally {
      builds.forEach(LiveBuild::close);
    }
  }
}
