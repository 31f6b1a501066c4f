package dev.nixtape.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.control.LiveBuild.Kind;
import dev.nixtape.projections.control.HostSample.BuildUse;
import dev.nixtape.projections.control.HostSample.Pressure;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@EnabledOnOs(OS.LINUX)
class AccountingTest {
  private static final String DRV = "/nix/store/a92vf922jf6dvqbjii8k1wimq1xw9s69-hello.drv";
  private static final String OTHER = "/nix/store/mh0xvffiqj6jy5sh9nkayb8ym9nc5xw7-other.drv";
  private static final long PAGE = Linux.pageSize();
  private static final long WORKER = 300;

  @TempDir Path folder;
  private ScratchHost host;
  private Instant now = Instant.parse("2026-11-21T22:00:00Z");
  private Accounting accounting;

  @BeforeEach
  void aWorker() {
    host = new ScratchHost(folder);
    host.process(WORKER, 1).cgroup("/nix/daemon");
    accounting = new Accounting(host.builders(), () -> now);
  }

  @AfterEach
  void close() {
    accounting.close();
  }

  /// Sandboxed, so that one of its files tells the derivation.
  private ScratchHost.Process builds(String drvPath, long pid) {
    String lock = drvPath.replace(".drv", ".lock");
    host.lock(WORKER, host.file(lock));
    host.at(WORKER).opens(lock);
    String root = drvPath + ".chroot/root";
    return host.process(pid, WORKER).root(host.root.resolve(root.substring(1)), root);
  }

  private Path grouped(String drvPath, long pid) {
    String path = "/nix/nix-build-pid-300-" + pid;
    Path cgroup = host.cgroup(path);
    builds(drvPath, pid).cgroup(path);
    return cgroup;
  }

  private BuildUse only() {
    List<BuildUse> uses = accounting.builds();
    assertEquals(1, uses.size(), uses.toString());
    return uses.getFirst();
  }

  @Test
  void theKernelCountsWhatABuildInACgroupUses() {
    Path cgroup = grouped(DRV, 400);
    ScratchHost.write(cgroup.resolve("cgroup.procs"), "400\n401\n402\n");
    ScratchHost.write(
        cgroup.resolve("cpu.stat"),
        "usage_usec 3500999\nuser_usec 3000999\nsystem_usec 500000\nnice_usec 0\n");
    ScratchHost.write(cgroup.resolve("memory.current"), "123456\n");
    ScratchHost.write(cgroup.resolve("memory.peak"), "234567\n");
    ScratchHost.write(
        cgroup.resolve("io.stat"),
        "254:0 rbytes=100 wbytes=7 rios=1 wios=1 dbytes=0 dios=0\n8:0 rbytes=20 wbytes=0 rios=1\n");
    ScratchHost.write(cgroup.resolve("cgroup.events"), "populated 1\nfrozen 1\n");
    for (String resource : List.of("cpu", "memory", "io")) {
      ScratchHost.write(
          cgroup.resolve(resource + ".pressure"),
          "some avg10=%d.25 avg60=9.00 avg300=9.00 total=9\nfull avg10=8.00 avg60=8.00 avg300=8.00 total=8\n"
              .formatted(resource.length()));
    }

    assertEquals(
        new BuildUse(
            DRV,
            now,
            true,
            3000,
            500,
            123_456,
            234_567,
            120L,
            7L,
            3,
            new Pressure(3.25, 6.25, 2.25)),
        only());
  }

  @Test
  void withoutControllersItsProcessesMemoryIsSummedAndNobodyCountsIo() {
    Path cgroup = grouped(DRV, 400);
    host.at(400).used(0, 0, 10, WORKER);
    host.process(401, 400).used(0, 0, 5, 400).cgroup("/nix/nix-build-pid-300-400");
    assertEquals(15 * PAGE, only().memory());

    host.at(401).used(0, 0, 1, 400);
    BuildUse use = only();

    assertEquals(11 * PAGE, use.memory());
    assertEquals(15 * PAGE, use.peakMemory());
    assertEquals(2, use.processes());
    assertNull(use.ioRead());
    assertNull(use.ioWritten());
    assertNull(use.pressure());
    assertTrue(Files.exists(cgroup));
  }

  @Test
  void whatABuildMovesIntoCgroupsBelowItsOwnIsItsToo() {
    Path cgroup = grouped(DRV, 400);
    host.cgroup("/nix/nix-build-pid-300-400/payload");
    host.process(401, 400).used(0, 0, 5, 400).cgroup("/nix/nix-build-pid-300-400/payload");
    ScratchHost.write(cgroup.resolve("cgroup.stat"), "nr_descendants 1\n");

    assertEquals(2, only().processes());
    assertEquals(5 * PAGE, only().memory());
  }

  @Test
  void withoutACgroupTheTreeIsSummed() {
    builds(DRV, 400).used(100, 10, 3, WORKER);
    host.process(401, 400).used(50, 5, 2, 400);
    host.process(402, 401).used(7, 1, 1, 401);
    host.process(500, 1).used(900, 900, 900, 1);

    assertEquals(
        new BuildUse(DRV, now, false, 1570, 160, 6 * PAGE, 6 * PAGE, null, null, 3, null), only());
  }

  @Test
  void timeThatWasUsedStaysWhenItsProcessesAreGone() {
    builds(DRV, 400).used(100, 10, 3, WORKER);
    host.process(401, 400).used(50, 5, 2, 400);
    only();
    host.at(401).used(0, 0, 0, 1);

    BuildUse use = only();

    assertEquals(1500, use.cpuUserMs());
    assertEquals(150, use.cpuSystemMs());
    assertEquals(3 * PAGE, use.memory());
    assertEquals(5 * PAGE, use.peakMemory());
  }

  @Test
  void buildsComeAndGoAndEachKeepsItsBeginning() {
    Instant first = now;
    Path cgroup = grouped(DRV, 400);
    assertEquals(DRV, only().drvPath());

    now = now.plusSeconds(1);
    Instant second = now;
    grouped(OTHER, 401);
    assertEquals(
        Map.of(DRV, first, OTHER, second),
        accounting.builds().stream().collect(Collectors.toMap(BuildUse::drvPath, BuildUse::since)));

    now = now.plusSeconds(1);
    ScratchHost.write(cgroup.resolve("cgroup.events"), "populated 0\nfrozen 0\n");
    host.at(400).root(folder, "/");
    assertEquals(OTHER, only().drvPath());
    assertEquals(second, only().since());

    ScratchHost.write(host.proc.resolve("locks"), "");
    assertEquals(List.of(), accounting.builds());
  }

  @Test
  void aBuildThatBeginsAfterItsLockIsSeenThen() {
    String lock = DRV.replace(".drv", ".lock");
    host.lock(WORKER, host.file(lock));
    host.at(WORKER).opens(lock);
    assertEquals(List.of(), accounting.builds());

    String root = DRV + ".chroot/root";
    host.process(400, WORKER).root(host.root.resolve(root.substring(1)), root);

    assertEquals(DRV, only().drvPath());
  }

  static List<Kind> kinds() {
    return Kind.here();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void realBuildsAreFoundSeenAndKilledOneByOne(Kind kind) throws Exception {
    try (LiveNix nix = new LiveNix(folder);
        Accounting live = new Accounting(nix.watched(), () -> now)) {
      LiveNix.Build one = nix.build(kind, 1);
      LiveNix.Build two = nix.build(kind, 2);
      assertEquals(
          List.of(one.drvPath(), two.drvPath()),
          live.builds().stream().map(BuildUse::drvPath).sorted().toList());

      Seen seen = nix.watched().look(one.drvPath());
      Builder builder = seen.builders().getFirst();
      assertEquals(one.builder().pid(), builder.process().pid());
      assertEquals(kind == Kind.CGROUP, builder.cgroup().isPresent());
      assertEquals(System.getProperty("user.name"), seen.requester().orElseThrow().user());

      new Hands(LiveBuild.PROC)
          .carryOut(
              new ControlPlan.Act(
                  builder,
                  List.of(
                      kind == Kind.CGROUP
                          ? new Step.Write("cgroup.kill", "1")
                          : new Step.Send(Signal.KILL))));

      assertEquals(List.of(two.drvPath()), live.builds().stream().map(BuildUse::drvPath).toList());
      BuildUse use = live.builds().getFirst();
      assertEquals(2, use.processes());
      assertTrue(use.memory() > 100_000, use.toString());
      assertFalse(use.frozen());
      assertEquals(kind == Kind.CGROUP, use.pressure() != null);
      assertNotNull(two.builder());
    }
  }

  /// By the processor's time, which other work on the machine changes less. Without cgroups each
  /// process of the host is looked at.
  @ParameterizedTest
  @MethodSource("kinds")
  void aRoundOfSixtyFourBuildsTakesLessThanTenMilliseconds(Kind kind) throws Exception {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    try (LiveNix nix = new LiveNix(folder);
        Accounting live = new Accounting(nix.watched(), () -> now)) {
      for (int i = 0; i < 64; i++) {
        nix.build(kind, i);
      }
      long[] nanos = new long[300];
      for (int i = 0; i < nanos.length; i++) {
        long before = threads.getCurrentThreadCpuTime();
        assertEquals(64, live.builds().size());
        nanos[i] = threads.getCurrentThreadCpuTime() - before;
      }
      Arrays.sort(nanos, 100, nanos.length);
      int others = kind == Kind.TREE ? LiveBuild.PROC.all().size() : 0;
      assertTrue(nanos[200] < 10_000_000 + 20_000L * others, nanos[200] + " ns");
    }
  }
}
