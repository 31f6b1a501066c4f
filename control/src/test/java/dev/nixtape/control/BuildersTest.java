package dev.nixtape.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nixtape.control.Builder.Cgroup;
import dev.nixtape.control.Builder.Evidence;
import dev.nixtape.control.Builder.Pid;
import dev.nixtape.control.Builder.Requester;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Laid out as Nix 2.34 and the kernel had it.
class BuildersTest {
  private static final String HASH = "a92vf922jf6dvqbjii8k1wimq1xw9s69";
  private static final String DRV = "/nix/store/" + HASH + "-hello.drv";
  private static final String OUT = "/nix/store/ad8i55fm2s6zsvh4v63p6i16v67ayrpg-hello";
  private static final String OTHER_DRV = "/nix/store/mh0xvffiqj6jy5sh9nkayb8ym9nc5xw7-other.drv";
  private static final String OTHER_OUT = "/nix/store/5c4rpkydbvzm814znzxy065l2ms0pzi9-other";

  private static final long DAEMON = 100;
  private static final long CLIENT = 200;
  private static final long WORKER = 300;
  private static final long BUILDER = 400;
  private static final long UID = 30_001;

  @TempDir Path folder;
  private ScratchHost host;

  @BeforeEach
  void aDaemonsWorkerBuildsForAlice() {
    host = new ScratchHost(folder);
    ScratchHost.write(
        host.root.resolve("etc/passwd"), "root:x:0:0::/root:\nalice:x:1000:1000:::\n");
    host.process(DAEMON, 1).command("nix-daemon", "--daemon");
    host.process(CLIENT, 1).uid(1000).command("nix-build");
    host.process(WORKER, DAEMON)
        .cgroup("/nix.service/nix-daemon")
        .command("nix-daemon", "200", "", "", "", "")
        .opens("/nix/var/nix/userpool/30001");
    builds(WORKER, DRV, OUT);
  }

  /// What a worker has open and locked for a build.
  private void builds(long worker, String drvPath, String out) {
    String name = drvPath.substring("/nix/store/".length());
    host.derivation(drvPath, Map.of("out", out));
    host.lock(worker, host.file(out + ".lock"));
    host.at(worker)
        .opens(out + ".lock")
        .opens(
            "/nix/var/log/nix/drvs/%s/%s.bz2".formatted(name.substring(0, 2), name.substring(2)));
  }

  private ScratchHost.Process sandboxed(String drvPath) {
    String root = drvPath + ".chroot/root";
    return host.process(BUILDER, WORKER)
        .uid(UID)
        .root(host.root.resolve(root.substring(1)), "/var/lib/machines/nix" + root);
  }

  private ScratchHost.Process told(Map<String, String> outputs) {
    Map<String, String> environment = new HashMap<>(outputs);
    environment.put("NIX_BUILD_TOP", "/nix/var/nix/builds/nix-300-1");
    return host.process(BUILDER, WORKER).uid(UID).environment(environment);
  }

  private Builder only() {
    Seen seen = host.builders().look(DRV);
    assertEquals(List.of(), seen.contradictions());
    assertEquals(1, seen.builders().size(), seen.toString());
    return seen.builders().getFirst();
  }

  private void assertNone(String drvPath) {
    Seen seen = host.builders().look(drvPath);
    assertEquals(List.of(), seen.builders());
    assertEquals(List.of(), seen.contradictions());
  }

  @Test
  void aSandboxedBuildIsKnownByTheFolderThatIsItsRoot() {
    Path cgroup = host.cgroup("/nix.service/nix-build-uid-30001");
    sandboxed(DRV).cgroup("/nix.service/nix-build-uid-30001");

    assertEquals(
        new Builder(
            DRV,
            new Pid(BUILDER, BUILDER),
            Optional.of(new Cgroup(cgroup, Inode.of(cgroup).orElseThrow())),
            UID,
            true,
            Set.of(Evidence.CHROOT),
            Optional.of(new Requester(1000, "alice"))),
        only());
  }

  @Test
  void aFolderOfThatNameElsewhereIsNotTheSandbox() {
    sandboxed(DRV)
        .root(folder.resolve("build/nix/store/x.chroot/root"), "/build" + DRV + ".chroot/root");

    assertNone(DRV);
  }

  @Test
  void lixNamesTheDerivationInTheCgroup() {
    String cgroup = "/nix.service/nix-build@" + HASH + "-30001";
    host.cgroup(cgroup);
    sandboxed(DRV).cgroup(cgroup);

    assertEquals(Set.of(Evidence.CHROOT, Evidence.CGROUP_NAME), only().evidence());
  }

  @Test
  void aCgroupNamedAfterAnotherDerivationIsAContradiction() {
    builds(WORKER, OTHER_DRV, OTHER_OUT);
    String cgroup = "/nix.service/nix-build@mh0xvffiqj6jy5sh9nkayb8ym9nc5xw7-30001";
    host.cgroup(cgroup);
    sandboxed(DRV).cgroup(cgroup);

    for (String drvPath : List.of(DRV, OTHER_DRV)) {
      Seen seen = host.builders().look(drvPath);
      assertEquals(List.of(), seen.builders());
      assertEquals(
          List.of(
              "process 400: its cgroup's name is of %s, its root is of %s"
                  .formatted(OTHER_DRV, DRV)),
          seen.contradictions());
    }
  }

  @Test
  void theCgroupThatItsWorkerIsInIsNotTheBuilds() {
    host.cgroup("/nix.service/nix-daemon");
    sandboxed(DRV).cgroup("/nix.service/nix-daemon");

    assertEquals(Optional.empty(), only().cgroup());
  }

  @Test
  void aNixInsideABuildDoesNotTakeThatBuildsCgroupForItsOwn() {
    host.cgroup("/nix.service/nix-build-uid-30001/payload");
    host.at(WORKER).cgroup("/nix.service/nix-build-uid-30001/daemon");
    sandboxed(DRV).cgroup("/nix.service/nix-build-uid-30001/payload");

    assertEquals(Optional.empty(), only().cgroup());
  }

  @Test
  void cgroupsThatABuilderMadeInItsOwnChangeNothing() {
    Path cgroup = host.cgroup("/nix.service/nix-build-uid-30001");
    host.cgroup("/nix.service/nix-build-uid-30001/nix-build-uid-30001");
    sandboxed(DRV).cgroup("/nix.service/nix-build-uid-30001/nix-build-uid-30001");

    assertEquals(cgroup, only().cgroup().orElseThrow().folder());
  }

  @Test
  void theCgroupOfAnotherUserOrAnotherNixIsNotTheBuilds() {
    sandboxed(DRV);
    for (String name : List.of("nix-build-uid-40001", "nix-build-pid-17-0", "other.service")) {
      host.cgroup("/nix.service/" + name);
      host.at(BUILDER).cgroup("/nix.service/" + name);

      assertEquals(Optional.empty(), only().cgroup(), name);
    }
  }

  @Test
  void withoutBuildUsersTheCgroupIsNamedAfterTheWorker() {
    Path cgroup = host.cgroup("/user.slice/nix-build-pid-300-0");
    sandboxed(DRV).cgroup("/user.slice/nix-build-pid-300-0");

    assertEquals(cgroup, only().cgroup().orElseThrow().folder());
  }

  @Test
  void withoutASandboxItsOutputsTell() {
    told(Map.of("out", OUT));

    Builder builder = only();

    assertEquals(DRV, builder.drvPath());
    assertEquals(Set.of(Evidence.ENVIRONMENT), builder.evidence());
  }

  @Test
  void ofTwoBuildsOfAWorkerEachIsItsOwn() {
    builds(WORKER, OTHER_DRV, OTHER_OUT);
    told(Map.of("out", OUT));
    host.process(BUILDER + 1, WORKER)
        .uid(UID + 1)
        .environment(Map.of("NIX_BUILD_TOP", "/tmp/2", "out", OTHER_OUT));

    assertEquals(BUILDER, host.builders().look(DRV).builders().getFirst().process().pid());
    assertEquals(
        BUILDER + 1, host.builders().look(OTHER_DRV).builders().getFirst().process().pid());
  }

  @Test
  void outputsThatItsWorkerDoesNotMakeAreNotBelieved() {
    host.derivation(OTHER_DRV, Map.of("out", OTHER_OUT));
    told(Map.of("out", OTHER_OUT));

    assertNone(OTHER_DRV);
  }

  @Test
  void allOutputsMustBeTheDerivations() {
    host.derivation(DRV, Map.of("out", OUT, "dev", OUT + "-dev"));
    told(Map.of("out", OUT, "dev", OTHER_OUT));

    assertNone(DRV);
  }

  @Test
  void whereNixKeepsNoLogsTheLockedOutputsTell() throws IOException {
    host.process(WORKER + 1, 1).uid(0).command("nix-build");
    host.lock(WORKER + 1, host.file(OTHER_OUT + ".lock"));
    host.at(WORKER + 1).opens(OTHER_OUT + ".lock");
    host.derivation(OTHER_DRV, Map.of("out", OTHER_OUT));
    host.process(BUILDER, WORKER + 1)
        .environment(Map.of("NIX_BUILD_TOP", "/tmp/1", "out", OTHER_OUT));

    assertEquals(1, host.builders().look(OTHER_DRV).builders().size());
  }

  @Test
  void structuredAttributesAreReadFromTheirFile() {
    ScratchHost.write(
        host.root.resolve("build/.attrs.json"),
        "{\"outputs\":{\"out\":\"%s\"},\"x\":[1]}".formatted(OUT));
    told(Map.of("NIX_ATTRS_JSON_FILE", "/build/.attrs.json"));

    assertEquals(Set.of(Evidence.ATTRIBUTES), only().evidence());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[",
        "{}",
        "{\"outputs\":5}",
        "{\"outputs\":{\"out\":null}}",
        "{\"outputs\":{\"out\":[]}}"
      })
  void anAttributesFileThatNixDidNotWriteTellsNothing(String text) {
    ScratchHost.write(host.root.resolve("build/.attrs.json"), text);
    told(Map.of("NIX_ATTRS_JSON_FILE", "/build/.attrs.json"));

    assertNone(DRV);
  }

  @Test
  void anAttributesFileThatIsAPipeIsLeftAlone() throws Exception {
    Path pipe = Files.createDirectories(host.root.resolve("build")).resolve(".attrs.json");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    told(Map.of("NIX_ATTRS_JSON_FILE", "/build/.attrs.json"));

    assertNone(DRV);
  }

  @Test
  void whatANixInANixShellInheritedIsNotWhatItWasTold() {
    host.at(WORKER).environment(Map.of("NIX_BUILD_TOP", "/tmp/shell", "out", OUT));
    host.process(BUILDER, WORKER)
        .uid(UID)
        .command("git", "clone")
        .environment(Map.of("NIX_BUILD_TOP", "/tmp/shell", "out", OUT));

    assertNone(DRV);
  }

  @Test
  void untilItIsTheBuildUserItIsNotTheBuilder() {
    sandboxed(DRV).uid(0);

    assertNone(DRV);
  }

  @Test
  void aBuildThatIsAboutToBeginIsWaitedFor() throws Exception {
    Thread nix = Thread.ofVirtual().start(() -> sandboxed(DRV));

    Seen seen = host.builders().look(DRV);
    nix.join();

    assertEquals(1, seen.builders().size());
  }

  @Test
  void anotherNixsLockOfTheSameNameIsNotThisOnes() throws IOException {
    ScratchHost.write(host.proc.resolve("locks"), "1: FLOCK  ADVISORY  WRITE 300 fe:00:1 0 EOF\n");
    sandboxed(DRV);

    assertNone(DRV);
  }

  @Test
  void whoWaitsForALockDoesNotBuild() throws IOException {
    Path locks = host.proc.resolve("locks");
    ScratchHost.write(locks, Files.readString(locks).replace("FLOCK", "-> FLOCK"));
    sandboxed(DRV);

    assertNone(DRV);
  }

  @Test
  void twoBuildersOfADerivationAreBothSeen() {
    told(Map.of("out", OUT));
    host.process(BUILDER + 1, WORKER)
        .uid(UID)
        .environment(Map.of("NIX_BUILD_TOP", "/tmp/2", "out", OUT));

    assertEquals(2, host.builders().look(DRV).builders().size());
  }

  @Test
  void aBuildOnAnotherMachineNamesIt() {
    host.process(BUILDER, WORKER)
        .command("nix", "__build-remote", "3")
        .opens("/nix/var/nix/current-load/ssh-ng:__builder@b1.example.org-0");

    Seen seen = host.builders().look(DRV);

    assertEquals(List.of(), seen.builders());
    assertEquals(List.of("ssh-ng://builder@b1.example.org"), seen.machines());
  }

  @Test
  void whatTheCgroupAndItsParentHaveIsSeen() {
    Path cgroup = host.cgroup("/nix.service/nix-build-uid-30001");
    ScratchHost.write(cgroup.resolve("cgroup.controllers"), "memory pids\n");
    ScratchHost.write(cgroup.resolveSibling("cgroup.controllers"), "cpu memory pids\n");
    ScratchHost.write(
        host.proc.resolve("cgroups"), "#subsys_name\thierarchy\nblkio\t7\t1\t1\ncpu\t0\t1\t1\n");
    sandboxed(DRV).cgroup("/nix.service/nix-build-uid-30001");

    Seen.Host seen = host.builders().look(DRV).host();

    assertEquals(Set.of("memory", "pids"), seen.controllers());
    assertEquals(Set.of("cpu", "memory", "pids"), seen.delegable());
    assertEquals(Set.of("io"), seen.v1());
  }

  private Optional<Requester> requester() {
    sandboxed(DRV);
    return only().requester();
  }

  @Test
  void aUserThatTheWatchedRootDoesNotKnowHasTheHostsName() {
    String name = System.getProperty("user.name");
    long uid = new Proc(Path.of("/proc")).uid(ProcessHandle.current().pid()).orElseThrow();
    ScratchHost.write(host.root.resolve("etc/passwd"), "");
    host.at(CLIENT).uid(uid);

    assertEquals(Optional.of(new Requester(uid, name)), requester());
  }

  @Test
  void whoBuildsWithoutADaemonAsksForItself() {
    host.at(WORKER).command("nix", "build", "-f", "x.nix");

    assertEquals(Optional.of(new Requester(0, "root")), requester());
  }

  @Test
  void whoSpeaksToADaemonOnItsInputIsThatDaemonsUser() {
    host.at(WORKER).uid(1000).command("nix-daemon", "--stdio");

    assertEquals(Optional.of(new Requester(1000, "alice")), requester());
  }

  @Test
  void aWorkerWithoutAClientsPidHasNoRequester() {
    host.at(WORKER).command("nix-daemon", "--daemon");

    assertEquals(Optional.empty(), requester());
  }

  @Test
  void aPidThatFillsItsArgumentMayBeCut() {
    host.at(WORKER).command("nix-daemon", "200");

    assertEquals(Optional.empty(), requester());
  }

  @Test
  void aClientThatIsYoungerThanItsWorkerIsAnotherProcess() {
    host.process(WORKER + 1, 1).uid(1000);
    host.at(WORKER).command("nix-daemon", "301", "", "", "", "");

    assertEquals(Optional.empty(), requester());
  }

  @Test
  void aClientThatIsGoneTellsNothing() {
    host.at(WORKER).command("nix-daemon", "77", "", "", "", "");

    assertEquals(Optional.empty(), requester());
  }

  @Test
  void inAPidNamespaceOfItsOwnAWorkersNumbersMeanOthers() {
    host.at(WORKER).first();

    assertEquals(Optional.empty(), requester());
  }
}
