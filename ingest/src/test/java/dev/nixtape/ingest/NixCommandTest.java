package dev.nixtape.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class NixCommandTest {
  @Test
  void nixIsMadeToWriteEvents() {
    assertRuns("nix build .#x --log-format internal-json -v", "nix build .#x");
    assertRuns("/bin/nix-build x.nix --log-format internal-json -v", "/bin/nix-build x.nix");
    assertRuns("nixos-rebuild switch --log-format internal-json -v", "nixos-rebuild switch");
    assertRuns("home-manager switch --log-format internal-json -v", "home-manager switch");
  }

  @Test
  void theWordsOfAnotherCommandAreLeftToIt() {
    assertRuns("nix run .#x --log-format internal-json -v -- -v", "nix run .#x -- -v");
    assertRuns("nix develop --log-format internal-json -v -c make -v", "nix develop -c make -v");
    assertRuns("nix-shell --command ls --log-format internal-json -v", "nix-shell --command ls");
  }

  @Test
  void whatIsThereIsNotAddedAgain() {
    assertRuns(
        "nix build -vv --log-format internal-json", "nix build -vv --log-format internal-json");
    assertRuns("nix build --verbose --log-format internal-json", "nix build --verbose");
    assertRuns(
        "nix build --log-format bar --log-format internal-json -v", "nix build --log-format bar");
  }

  @Test
  void anotherProgramRunsAsItIs() {
    assertRuns("make -j4", "make -j4");
    assertRuns("sudo nix build", "sudo nix build");
  }

  private static void assertRuns(String expected, String command) {
    assertEquals(
        List.of(expected.split(" ")), new NixCommand(List.of(command.split(" "))).withEvents());
  }
}
