package dev.nixtape.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.cli.doctor.Finding.Level;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NixProgramTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir Path folder;
  private Root root;

  @BeforeEach
  void make() throws IOException {
    root = new Root(folder);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nix (Nix) 2.34.8                      | OK",
        "nix (Nix) 2.30.0                      | OK",
        "nix (Nix) 2.31pre20250712_b1245123    | OK",
        "nix (Determinate Nix 3.8.2) 2.33.0    | OK",
        "nix (Nix) 2.29.1                      | WRONG",
        "nix (Nix) 2.8.0                       | WRONG",
        "nix (Lix, like Nix) 2.91.1            | WRONG",
        "nix (Lix, like Nix) 2.93.0            | WRONG",
        "nix-env version 1                     | NOTE"
      })
  void whichNixKnowsJsonLogPath(String says, Level level) throws IOException {
    root.variable("PATH", "/usr/bin").program("/usr/bin/nix", "echo '" + says + "'");

    Finding finding = NixProgram.find(root.machine(), PATIENCE).finding();

    assertEquals(level, finding.level(), finding.what());
  }

  @Test
  void aNixThatCannotWriteToTheSocketIsRecordedOtherwise() throws IOException {
    root.variable("PATH", "/usr/bin").program("/usr/bin/nix", "echo 'nix (Nix) 2.18.1'");

    Finding finding = NixProgram.find(root.machine(), PATIENCE).finding();

    assertEquals(
        "2.18.1 (Nix) at /usr/bin/nix does not know json-log-path: it cannot write to the socket",
        finding.what());
    assertTrue(String.valueOf(finding.todo()).contains("nixtape run -- nix build"));
  }

  @Test
  void theDefaultProfileCountsWhenPathHasNone() throws IOException {
    root.variable("PATH", "relative::/usr/bin")
        .program("/nix/var/nix/profiles/default/bin/nix", "echo 'nix (Nix) 2.34.8'");

    NixProgram nix = NixProgram.find(root.machine(), PATIENCE);

    assertInstanceOf(NixProgram.Known.class, nix);
  }

  @Test
  void aMachineWithoutNixIsNoTrouble() {
    Finding finding = NixProgram.find(root.machine(), PATIENCE).finding();

    assertEquals(Level.NOTE, finding.level());
  }

  @Test
  void aNixThatHangsIsLeft() throws IOException {
    root.variable("PATH", "/usr/bin").program("/usr/bin/nix", "exec sleep 600");

    Finding finding = NixProgram.find(root.machine(), Duration.ofMillis(100)).finding();

    assertEquals(Level.NOTE, finding.level());
    assertTrue(finding.what().contains("no answer"), finding.what());
  }
}
