package dev.nixtape.cli.doctor;

import static dev.nixtape.cli.doctor.Root.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.cli.doctor.Finding.Level;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupsTest {
  private static final String SERVICE = "/sys/fs/cgroup/system.slice/nix-daemon.service";

  @TempDir Path folder;
  private Root root;

  /// A machine on which builds can be controlled.
  @BeforeEach
  void make() throws IOException {
    root =
        new Root(folder)
            .file("/sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n")
            .file(SERVICE + "/cgroup.subtree_control", "cpu memory\n")
            .process(812, 1, NOW, "nix-daemon", "--daemon")
            .file("/proc/812/cgroup", "0::/system.slice/nix-daemon.service/nix-daemon\n")
            .file(
                "/etc/nix/nix.conf",
                "experimental-features = nix-command cgroups\nuse-cgroups = true\nsandbox = true\n");
  }

  private Finding finding() {
    Machine machine = root.machine();
    return Cgroups.look(machine, Daemon.running(machine)).finding(machine, NixConf.system(machine));
  }

  @Test
  void buildsWithCgroupsAndControllersCanBeControlled() {
    assertEquals(
        Finding.ok("cgroups", "builds can be frozen and ended, and their memory and cpu limited"),
        finding());
  }

  @Test
  void withoutItsSettingsNixMakesNoCgroups() throws IOException {
    root.file("/etc/nix/nix.conf", "sandbox = false\n");

    Finding finding = finding();

    assertEquals(Level.NOTE, finding.level());
    assertEquals(
        "put into /etc/nix/nix.conf: use-cgroups = true, extra-experimental-features = cgroups, sandbox = true; and restart nix-daemon (recording needs none of it)",
        finding.todo());
  }

  @Test
  void withoutDelegatedControllersThereAreNoLimits() throws IOException {
    root.file(SERVICE + "/cgroup.subtree_control", "cpu\n");

    Finding finding = finding();

    assertEquals(Level.NOTE, finding.level());
    assertTrue(
        String.valueOf(finding.todo())
            .endsWith("echo '+memory' > " + SERVICE + "/cgroup.subtree_control"),
        finding.todo());
  }

  @Test
  void inHybridModeThereAreNoLimits(@TempDir Path other) throws IOException {
    root =
        new Root(other)
            .file("/sys/fs/cgroup/unified/cgroup.controllers", "\n")
            .file("/etc/nix/nix.conf", "experimental-features = cgroups\nuse-cgroups = true\n");

    assertTrue(finding().what().contains("cgroup v1"), finding().what());
  }

  @Test
  void withoutCgroupsThereIsNoControl(@TempDir Path other) throws IOException {
    root = new Root(other);

    assertTrue(finding().what().contains("no cgroup v2"), finding().what());
  }

  @Test
  void onlyRootControlsBuilds() {
    root.user("alice");

    assertTrue(finding().what().contains("alice is not root"), finding().what());
  }

  @Test
  void withoutADaemonLimitsAreUnknown() throws IOException {
    root.file("/proc/812/cmdline", "vim\0");

    assertTrue(finding().what().contains("unknown"), finding().what());
  }
}
