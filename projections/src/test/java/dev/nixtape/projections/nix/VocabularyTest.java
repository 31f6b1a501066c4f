package dev.nixtape.projections.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class VocabularyTest {
  private static final String DRV = "/nix/store/8czxcazma3nbgrcrcgbbklinvkg80l3a-bad-2.0.drv";

  @Test
  void namesComeOutOfStorePaths() {
    assertEquals("bad-2.0", StorePath.name(DRV));
    assertEquals(
        "hello-2.12.1", StorePath.name("/nix/store/8czxcazma3nbgrcrcgbbklinvkg80l3a-hello-2.12.1"));
    assertEquals("something else", StorePath.name("something else"));
  }

  @Test
  void aNameIsSplitAsNixSplitsIt() {
    assertEquals("hello", StorePath.pname("hello-2.12.1"));
    assertEquals("2.12.1", StorePath.version("hello-2.12.1"));
    assertEquals("xf86-video-intel", StorePath.pname("xf86-video-intel-2.99"));
    assertEquals("source", StorePath.pname("source"));
    assertEquals("", StorePath.version("source"));
  }

  @Test
  void aDerivationIsReadFromItsText() {
    Derivation derivation =
        Derivation.parse(
            "Derive([(\"dev\",\"/nix/store/d\",\"\",\"\"),(\"out\",\"/nix/store/o\",\"sha256\",\"00\")],"
                + "[(\"/nix/store/a.drv\",[\"dev\",\"out\"])],[\"/nix/store/src\"],\"x86_64-linux\",\"/bin/sh\","
                + "[\"-c\",\"echo \\\"hi\\\"\\n\"],[(\"name\",\"x\"),(\"tab\",\"\\t\\\\\")])");

    assertEquals(
        List.of("dev", "out"), derivation.outputs().stream().map(Derivation.Output::name).toList());
    assertEquals(Map.of("/nix/store/a.drv", List.of("dev", "out")), derivation.inputDrvs());
    assertEquals(List.of("-c", "echo \"hi\"\n"), derivation.args());
    assertEquals("\t\\", derivation.env().get("tab"));
  }

  @Test
  void whatIsNoDerivationSaysWhere() {
    for (String text : List.of("", "Derive(", "Derive([],[],[],\"x", "Derivation([])")) {
      assertThrows(IllegalArgumentException.class, () -> Derivation.parse(text), text);
    }
  }

  @Test
  void failuresOfOldAndNewNixNameDerivationAndReason() {
    assertEquals(
        Optional.of(new FailureText(DRV, "builder failed with exit code 3")),
        FailureText.of(
            "\u001b[31;1merror:\u001b[0m Cannot build '\u001b[35;1m%s\u001b[0m'.\n       Reason: \u001b[31;1mbuilder failed with exit code 3\u001b[0m.\n       Output paths:"
                .formatted(DRV)));
    assertEquals(
        Optional.of(new FailureText(DRV, "builder failed with exit code 1")),
        FailureText.of(
            "error: builder for '%s' failed with exit code 1;\n last 10 log lines:"
                .formatted(DRV)));
    assertEquals(
        Optional.of(new FailureText(DRV, "hash mismatch in fixed-output derivation")),
        FailureText.of(
            "error: hash mismatch in fixed-output derivation '%s':\n  specified: x"
                .formatted(DRV)));
    assertEquals(Optional.empty(), FailureText.of("warning: '%s' is strange".formatted(DRV)));
    assertEquals(Optional.empty(), FailureText.of("error: interrupted by the user"));
    assertEquals(Optional.of(137), FailureText.exitCodeIn("builder failed with exit code 137"));
    assertEquals(Optional.empty(), FailureText.exitCodeIn("killed by signal 9"));
  }
}
