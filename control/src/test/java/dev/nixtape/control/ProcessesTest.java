package dev.nixtape.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nixtape.control.Builder.Cgroup;
import dev.nixtape.control.Builder.Evidence;
import dev.nixtape.control.Builder.Pid;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A build of 400, 401 and 402, on a host where numbers that were listed are others' by now.
class ProcessesTest {
  private static final long BUILDER = 400;
  private static final long UID = 30_001;
  private static final String CGROUP = "/nix.service/nix-build-uid-30001";

  @TempDir Path folder;
  private ScratchHost host;
  private Path cgroup;

  @BeforeEach
  void aBuild() {
    host = new ScratchHost(folder);
    cgroup = host.cgroup(CGROUP);
    host.process(BUILDER, 300).uid(UID).cgroup(CGROUP);
    host.process(401, BUILDER).uid(UID).cgroup(CGROUP);
    host.process(402, 401).uid(UID).cgroup(CGROUP);
  }

  private List<Long> pids(long start, Optional<Path> own, boolean ownUser) {
    Builder builder =
        new Builder(
            "/nix/store/a92vf922jf6dvqbjii8k1wimq1xw9s69-hello.drv",
            new Pid(BUILDER, start),
            own.map(path -> new Cgroup(path, Inode.of(path).orElseThrow())),
            UID,
            ownUser,
            Set.of(Evidence.CHROOT),
            Optional.empty());
    return new Processes(new Proc(host.proc))
        .of(builder).stream().map(stat -> stat.process().pid()).toList();
  }

  @Test
  void thoseBelowTheBuilderAreTheBuilds() {
    assertEquals(List.of(400L, 401L, 402L), pids(400, Optional.empty(), false));
  }

  @Test
  void thoseInItsCgroupAreTheBuilds() {
    assertEquals(List.of(400L, 401L, 402L), pids(400, Optional.of(cgroup), false));
  }

  @Test
  void aListedChildWithAnotherParentIsNot() {
    host.at(401).used(0, 0, 0, 7);

    assertEquals(List.of(400L), pids(400, Optional.empty(), false));
  }

  @Test
  void aListedMemberInAnotherCgroupIsNot() {
    host.at(402).cgroup("/nix.service/nix-build-uid-30002");

    assertEquals(List.of(400L, 401L), pids(400, Optional.of(cgroup), false));
  }

  @Test
  void whatOutlivedItsParentHasTheUserAndTheRootAndIsNotOlder() {
    host.process(500, 1).uid(UID);
    host.process(501, 1).uid(UID + 1);
    host.process(502, 1).uid(UID).root(folder.resolve("elsewhere"), "/elsewhere");
    host.process(399, 1).uid(UID);

    assertEquals(List.of(400L, 401L, 402L, 500L), pids(400, Optional.empty(), true));
    assertEquals(List.of(400L, 401L, 402L), pids(400, Optional.empty(), false));
  }

  @Test
  void withoutTheBuilderThereIsNone() {
    for (Optional<Path> own : List.of(Optional.<Path>empty(), Optional.of(cgroup))) {
      assertEquals(List.of(), pids(399, own, true));
    }
  }
}
