package dev.nixtape.cli.doctor;

import static dev.nixtape.cli.doctor.Root.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.cli.doctor.Finding.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DaemonTest {
  private static final Instant HOUR_AGO = NOW.minusSeconds(3600);

  @TempDir Path folder;
  private Root root;

  @BeforeEach
  void make() throws IOException {
    root =
        new Root(folder)
            .file("/etc/nix/nix.conf", "include site.conf\n")
            .file("/etc/nix/site.conf", "cores = 1\n")
            .changed("/etc/nix/nix.conf", HOUR_AGO)
            .changed("/etc/nix/site.conf", HOUR_AGO);
  }

  private List<Finding> findings() {
    Machine machine = root.machine();
    return Daemon.findings(Daemon.running(machine), machine, NixConf.system(machine));
  }

  @Test
  void aDaemonKnowsWhatIsOlderThanItself() throws IOException {
    root.process(812, 1, NOW.minusSeconds(600), "/usr/bin/nix-daemon", "--daemon");

    assertEquals(
        List.of(Finding.ok("nix-daemon", "process 812, for 10 min; no nix.conf is newer")),
        findings());
  }

  @Test
  void aDaemonThatIsOlderThanAnIncludedFileMustBeRestarted() throws IOException {
    root.process(812, 1, NOW.minusSeconds(600), "nix-daemon", "--daemon")
        .changed("/etc/nix/site.conf", NOW.minusSeconds(300));

    Finding finding = findings().getFirst();

    assertEquals(Level.WRONG, finding.level());
    assertEquals(
        "process 812 runs for 10 min, and /etc/nix/site.conf was changed 5 min ago: it does not know of that",
        finding.what());
    assertEquals("restart it: systemctl restart nix-daemon", finding.todo());
  }

  @Test
  void aStartIsKnownToTheSecondOnly() throws IOException {
    root.process(812, 1, HOUR_AGO.minusMillis(900), "nix", "daemon");

    assertEquals(Level.OK, findings().getFirst().level());
  }

  @Test
  void workersAreNoDaemons() throws IOException {
    root.process(812, 1, NOW, "nix-daemon")
        .process(900, 812, NOW.minusSeconds(7200), "nix-daemon", "4711 ")
        .process(901, 812, NOW.minusSeconds(7200), "nix-daemon")
        .process(902, 1, NOW.minusSeconds(7200), "vim", "nix-daemon");

    assertEquals(List.of(812L), Daemon.running(root.machine()).stream().map(Daemon::pid).toList());
  }

  @Test
  void aDaemonInAContainerHasAnotherNixConf() throws IOException {
    root.process(812, 1, NOW, "nix-daemon").file("/container/x", "");
    Files.createSymbolicLink(root.at("/proc/812/root"), root.at("/container"));

    assertEquals(List.of(), Daemon.running(root.machine()));
  }

  @Test
  void aMachineMayDoWithoutADaemon() throws IOException {
    root.process(1, 0, NOW, "init");

    Finding finding = findings().getFirst();

    assertEquals(Level.NOTE, finding.level());
    assertTrue(finding.what().contains("none runs"), finding.what());
  }

  @Test
  void aMachineWithoutProcHasNone() {
    assertEquals(List.of(), Daemon.running(root.machine()));
  }
}
