package dev.nixtape.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.control.Builder.Cgroup;
import dev.nixtape.control.Builder.Evidence;
import dev.nixtape.control.Builder.Pid;
import dev.nixtape.control.ControlPlan.Act;
import dev.nixtape.control.ControlPlan.Refuse;
import dev.nixtape.control.Step.Send;
import dev.nixtape.control.Step.Write;
import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.Action.Limit;
import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.Result.Why;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ControlPlanTest {
  private static final String DRV = "/nix/store/a92vf922jf6dvqbjii8k1wimq1xw9s69-hello.drv";
  private static final Path FOLDER =
      Path.of("/sys/fs/cgroup/nix-daemon.service/nix-build-uid-30001");
  private static final Set<String> ALL = Set.of("cpu", "memory", "io");
  private static final Seen.Host HOST =
      new Seen.Host("Linux", 0, ALL, ALL, Set.of(), Optional.of("254:0"));
  private static final Builder GROUPED =
      builder(Optional.of(new Cgroup(FOLDER, new Inode(38, 66_164))));
  private static final Builder ALONE = builder(Optional.empty());

  private static Builder builder(Optional<Cgroup> cgroup) {
    return new Builder(
        DRV, new Pid(400, 4), cgroup, 30_001, true, Set.of(Evidence.CHROOT), Optional.empty());
  }

  private static ControlPlan plan(Action action, Seen seen) {
    Instant at = Instant.parse("2026-11-21T22:00:00Z");
    return ControlPlan.of(
        new Command(
            Command.id(at, 1, 2),
            "b1",
            new Command.Target("7f3a", DRV),
            action,
            "root",
            at,
            at.plus(Command.PATIENCE),
            ""),
        seen);
  }

  private static ControlPlan plan(Action action, Builder builder, Seen.Host host) {
    return plan(action, new Seen(List.of(builder), List.of(), List.of(), host));
  }

  private static void assertRefused(Why why, String word, ControlPlan plan) {
    if (plan instanceof Refuse(Why because, String says)) {
      assertEquals(why, because, says);
      assertTrue(says.contains(word), says);
    } else {
      throw new AssertionError(plan);
    }
  }

  static Stream<Arguments> deeds() {
    return Stream.of(
        Arguments.of(new Action.Freeze(), GROUPED, List.of(new Write("cgroup.freeze", "1"))),
        Arguments.of(new Action.Thaw(), GROUPED, List.of(new Write("cgroup.freeze", "0"))),
        Arguments.of(new Action.Kill(), GROUPED, List.of(new Write("cgroup.kill", "1"))),
        Arguments.of(new Action.Nice(25), GROUPED, List.of(new Write("cpu.weight", "25"))),
        Arguments.of(
            new Limit(150L, 2_000L, 1_000L, 500L),
            GROUPED,
            List.of(
                new Write("cpu.max", "150000 100000"),
                new Write("memory.high", "1000"),
                new Write("memory.max", "2000"),
                new Write("io.max", "254:0 rbps=500 wbps=500"))),
        Arguments.of(
            new Limit(Limit.MAX, Limit.MAX, Limit.MAX, Limit.MAX),
            GROUPED,
            List.of(
                new Write("cpu.max", "max 100000"),
                new Write("memory.high", "max"),
                new Write("memory.max", "max"),
                new Write("io.max", "254:0 rbps=max wbps=max"))),
        Arguments.of(
            new Limit(1L, null, null, null), GROUPED, List.of(new Write("cpu.max", "1000 100000"))),
        Arguments.of(new Action.Signal("USR1"), GROUPED, List.of(new Send(Signal.USR1))),
        Arguments.of(new Action.Processes(), GROUPED, List.of(new Step.ShowProcesses())),
        Arguments.of(new Action.Environment(), GROUPED, List.of(new Step.ShowEnvironment())),
        Arguments.of(new Action.Freeze(), ALONE, List.of(new Send(Signal.STOP))),
        Arguments.of(new Action.Thaw(), ALONE, List.of(new Send(Signal.CONT))),
        Arguments.of(new Action.Kill(), ALONE, List.of(new Send(Signal.KILL))),
        Arguments.of(new Action.Signal("TERM"), ALONE, List.of(new Send(Signal.TERM))),
        Arguments.of(new Action.Processes(), ALONE, List.of(new Step.ShowProcesses())),
        Arguments.of(new Action.Environment(), ALONE, List.of(new Step.ShowEnvironment())));
  }

  @ParameterizedTest
  @MethodSource("deeds")
  void eachActionHasItsSteps(Action action, Builder builder, List<Step> steps) {
    assertEquals(new Act(builder, steps), plan(action, builder, HOST));
  }

  static Stream<Arguments> shares() {
    return Stream.of(
        Arguments.of(new Action.Nice(25), "cpu"),
        Arguments.of(new Limit(50L, null, null, null), "cpu"),
        Arguments.of(new Limit(null, 1L, null, null), "memory"),
        Arguments.of(new Limit(null, null, 1L, null), "memory"),
        Arguments.of(new Limit(null, null, null, 1L), "io"));
  }

  @ParameterizedTest
  @MethodSource("shares")
  void sharesAndLimitsTakeACgroup(Action action) {
    assertRefused(Why.NOT_POSSIBLE, "use-cgroups = true", plan(action, ALONE, HOST));
  }

  @ParameterizedTest
  @MethodSource("shares")
  void aControllerThatTheParentHasCanBeEnabled(Action action, String controller) {
    Seen.Host host = new Seen.Host("Linux", 0, Set.of(), ALL, Set.of(), Optional.of("254:0"));

    assertRefused(
        Why.NOT_POSSIBLE,
        "`echo +%s > /sys/fs/cgroup/nix-daemon.service/cgroup.subtree_control`"
            .formatted(controller),
        plan(action, GROUPED, host));
  }

  @ParameterizedTest
  @MethodSource("shares")
  void aControllerThatTheParentLacksIsDelegatedFirst(Action action, String controller) {
    Seen.Host host =
        new Seen.Host("Linux", 0, Set.of("pids"), Set.of("pids"), Set.of(), Optional.of("254:0"));

    assertRefused(
        Why.NOT_POSSIBLE,
        "the %s controller is not delegated to nix-daemon: set Delegate=".formatted(controller),
        plan(action, GROUPED, host));
  }

  @ParameterizedTest
  @MethodSource("shares")
  void aControllerOfVersionOneNeedsAnotherBoot(Action action, String controller) {
    Seen.Host host = new Seen.Host("Linux", 0, Set.of(), Set.of(), ALL, Optional.of("254:0"));

    assertRefused(
        Why.NOT_POSSIBLE,
        "this host has the %s controller in cgroup v1".formatted(controller),
        plan(action, GROUPED, host));
  }

  @Test
  void partOfALimitIsNotSetWhenAnotherPartCannotBe() {
    Seen.Host host = new Seen.Host("Linux", 0, Set.of("cpu"), ALL, Set.of(), Optional.of("254:0"));

    assertRefused(Why.NOT_POSSIBLE, "+memory", plan(new Limit(50L, 1L, null, null), GROUPED, host));
  }

  @Test
  void aStoreOnNoDiskHasNoLimitOfIo() {
    Seen.Host host = new Seen.Host("Linux", 0, ALL, ALL, Set.of(), Optional.empty());

    assertRefused(
        Why.NOT_POSSIBLE, "no disk", plan(new Limit(null, null, null, 1L), GROUPED, host));
  }

  @ParameterizedTest
  @MethodSource("namesakes")
  void aSignalThatIsAnActionIsAllowedByThatName(String signal, String verb) {
    assertRefused(Why.NOT_POSSIBLE, verb, plan(new Action.Signal(signal), GROUPED, HOST));
  }

  static Stream<Arguments> namesakes() {
    return Stream.of(
        Arguments.of("KILL", "kill"), Arguments.of("STOP", "freeze"), Arguments.of("CONT", "thaw"));
  }

  @Test
  void anUnknownSignalNamesThoseThereAre() {
    assertRefused(Why.NOT_POSSIBLE, "TERM", plan(new Action.Signal("SIGTERM"), GROUPED, HOST));
  }

  @Test
  void whatIsNotSeenIsNotRunning() {
    assertRefused(
        Why.NOT_RUNNING,
        "no process on b1 builds " + DRV,
        plan(new Action.Kill(), new Seen(List.of(), List.of(), List.of(), HOST)));
  }

  @Test
  void whatRunsOnAnotherMachineIsControlledThere() {
    assertRefused(
        Why.NOT_RUNNING,
        "ssh://b2",
        plan(new Action.Kill(), new Seen(List.of(), List.of(), List.of("ssh://b2"), HOST)));
  }

  @Test
  void ofTwoBuildersNoneIsTouched() {
    assertRefused(
        Why.AMBIGUOUS,
        "more than one",
        plan(new Action.Kill(), new Seen(List.of(GROUPED, ALONE), List.of(), List.of(), HOST)));
  }

  @Test
  void aContradictionOutweighsABuilder() {
    assertRefused(
        Why.AMBIGUOUS,
        "process 9: this and that",
        plan(
            new Action.Kill(),
            new Seen(List.of(GROUPED), List.of("process 9: this and that"), List.of(), HOST)));
  }

  @Test
  void whoIsNotRootActsOnItsOwnUsersBuildsOnly() {
    Seen.Host user = new Seen.Host("Linux", 30_001, ALL, ALL, Set.of(), Optional.empty());
    Seen.Host other = new Seen.Host("Linux", 1000, ALL, ALL, Set.of(), Optional.empty());

    assertEquals(
        new Act(ALONE, List.of(new Send(Signal.KILL))), plan(new Action.Kill(), ALONE, user));
    assertRefused(Why.NOT_POSSIBLE, "as root", plan(new Action.Kill(), ALONE, other));
  }

  @Test
  void whoIsNotRootCannotSayThatABuildDoesNotRun() {
    Seen.Host user = new Seen.Host("Linux", 1000, Set.of(), Set.of(), Set.of(), Optional.empty());

    assertRefused(
        Why.NOT_POSSIBLE,
        "run it as root",
        plan(new Action.Kill(), new Seen(List.of(), List.of(), List.of(), user)));
  }

  @Test
  void macOsHasNeitherCgroupsNorProc() {
    Seen.Host mac = new Seen.Host("Mac OS X", -1, Set.of(), Set.of(), Set.of(), Optional.empty());

    assertRefused(
        Why.NOT_POSSIBLE,
        "b1 runs Mac OS X",
        plan(new Action.Kill(), new Seen(List.of(), List.of(), List.of(), mac)));
  }
}
