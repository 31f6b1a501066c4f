package dev.nixtape.cli.doctor;

import static dev.nixtape.cli.doctor.Root.SOCKET;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.cli.doctor.Finding.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NixConfCheckTest {
  private static final NixProgram NIX =
      new NixProgram.Known(Path.of("/usr/bin/nix"), "Nix", "2.34.8", 2, 34);
  private static final NixProgram OLD =
      new NixProgram.Known(Path.of("/usr/bin/nix"), "Nix", "2.18.1", 2, 18);
  private static final String OURS = "json-log-path = /run/nixtape/nix.sock\n";

  @TempDir Path folder;
  private Root root;

  @BeforeEach
  void make() throws IOException {
    root = new Root(folder);
  }

  private List<Finding> findings(NixProgram nix) {
    Machine machine = root.machine();
    return new NixConfCheck(machine, SOCKET, nix)
        .findings(NixConf.system(machine), NixConf.user(machine));
  }

  private Finding only(NixProgram nix) {
    List<Finding> findings = findings(nix);
    assertEquals(1, findings.size(), findings.toString());
    return findings.getFirst();
  }

  @Test
  void aLineThatPointsAtTheSocketIsWell() throws IOException {
    root.file("/etc/nix/nix.conf", "cores = 1\n" + OURS);

    assertEquals(
        Finding.ok("nix.conf", "/etc/nix/nix.conf:2 points at /run/nixtape/nix.sock"), only(NIX));
  }

  @Test
  void aPathThroughASymbolicLinkIsTheSame() throws IOException {
    root.file("/run/nixtape/x", "")
        .file("/etc/nix/nix.conf", "json-log-path = /var/run/nixtape/nix.sock\n");
    Files.createDirectory(root.at("/var"));
    Files.createSymbolicLink(root.at("/var/run"), Path.of("../run"));

    assertEquals(Level.OK, only(NIX).level());
  }

  @Test
  void whoSetsAnotherPathIsNamed() throws IOException {
    root.file("/etc/nix/nix.conf", OURS + "include site.conf\n")
        .file("/etc/nix/site.conf", "\njson-log-path = /tmp/other\n");

    Finding finding = only(NIX);

    assertEquals(Level.WRONG, finding.level());
    assertTrue(finding.what().startsWith("/etc/nix/site.conf:2 sends "), finding.what());
  }

  @Test
  void withoutALineNothingIsRecorded() throws IOException {
    root.file("/etc/nix/nix.conf", "cores = 1\n");

    assertEquals(
        Finding.wrong(
            "nix.conf",
            "/etc/nix/nix.conf has no line for json-log-path: nothing is recorded",
            "add to it json-log-path = /run/nixtape/nix.sock, and restart nix-daemon"),
        only(NIX));
  }

  @Test
  void aMachineWithoutNixNeedsNoLine() {
    assertEquals(Level.NOTE, only(new NixProgram.Missing()).level());
  }

  @Test
  void onNixOsTheOptionIsNamed() throws IOException {
    root.file("/nix/store/abc-nix.conf", "cores = 1\n").file("/etc/nix/x", "");
    Files.createSymbolicLink(root.at("/etc/nix/nix.conf"), root.at("/nix/store/abc-nix.conf"));

    assertTrue(String.valueOf(only(NIX).todo()).contains("nix.settings.json-log-path = "));
  }

  @Test
  void aUsersLineAloneLeavesTheDaemonOut() throws IOException {
    root.file("/home/alice/.config/nix/nix.conf", OURS);

    Finding finding = only(NIX);

    assertEquals(Level.NOTE, finding.level());
    assertTrue(
        finding.what().startsWith("only /home/alice/.config/nix/nix.conf:1 points"),
        finding.what());
  }

  @Test
  void aUserWhoSendsTheirPartElsewhereIsTold() throws IOException {
    root.file("/etc/nix/nix.conf", OURS).variable("NIX_CONFIG", "json-log-path =");

    List<Finding> findings = findings(NIX);

    assertEquals(List.of(Level.OK, Level.NOTE), findings.stream().map(Finding::level).toList());
    assertTrue(findings.getLast().what().startsWith("$NIX_CONFIG:1 "), findings.toString());
  }

  @Test
  void aNixThatDoesNotKnowTheSettingNeedsNoLine() throws IOException {
    root.file("/etc/nix/nix.conf", "cores = 1\n");

    assertEquals(List.of(), findings(OLD));
  }

  @Test
  void aLineForANixThatDoesNotKnowItIsNamed() throws IOException {
    root.file("/etc/nix/nix.conf", OURS);

    assertEquals(Level.NOTE, only(OLD).level());
  }

  @Test
  void aLineThatNixStopsAtIsWrong() throws IOException {
    root.file("/etc/nix/nix.conf", OURS + "cores 4\n");

    assertEquals(
        List.of(Level.WRONG, Level.OK), findings(NIX).stream().map(Finding::level).toList());
  }
}
