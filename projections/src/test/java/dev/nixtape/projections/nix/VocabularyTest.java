package dev.nixtape.projections.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
        Optional.of(new FailureText(DRV, "builder failed with exit code 3", List.of())),
        FailureText.of(
            "\u001b[31;1merror:\u001b[0m Cannot build '\u001b[35;1m%s\u001b[0m'.\n       Reason: \u001b[31;1mbuilder failed with exit code 3\u001b[0m.\n       Output paths:"
                .formatted(DRV)));
    assertEquals(
        Optional.of(new FailureText(DRV, "builder failed with exit code 1", List.of())),
        FailureText.of(
            "error: builder for '%s' failed with exit code 1;\n last 10 log lines:"
                .formatted(DRV)));
    assertEquals(
        Optional.of(new FailureText(DRV, "hash mismatch in fixed-output derivation", List.of())),
        FailureText.of(
            "error: hash mismatch in fixed-output derivation '%s':\n  specified: x"
                .formatted(DRV)));
    assertEquals(Optional.empty(), FailureText.of("warning: '%s' is strange".formatted(DRV)));
    assertEquals(Optional.empty(), FailureText.of("error: interrupted by the user"));
    assertEquals(Optional.of(137), FailureText.exitCodeIn("builder failed with exit code 137"));
    assertEquals(Optional.empty(), FailureText.exitCodeIn("killed by signal 9"));
  }

  private static List<String> lastLines(String message) {
    return FailureText.of(message.replace("DRV", DRV).replace("<", "\u001b[").replace("^", "m"))
        .orElseThrow()
        .lastLines();
  }

  @Test
  void aFailureRepeatsTheLastLinesOfTheLog() {
    List<String> lines = List.of("  make: *** [all] Error 2", "", "> Last 1 log lines:", "bye");
    assertEquals(
        lines,
        lastLines(
            """
            <31;1^error:<0^ Cannot build '<35;1^DRV<0^'.
                   Reason: <31;1^builder failed with exit code 3<0^.
                   Output paths:
                     <35;1^/nix/store/x83k6cfan80zcdz04k98bm71f6akjadl-bad-2.0<0^
                   Last 4 log lines:
                   >   make: *** [<1^all<0^] Error 2
                   >
                   > > Last 1 log lines:
                   > bye
                   For full logs, run:
                     <1^nix log DRV<0^\
            """));
    assertEquals(
        lines,
        lastLines(
            """
            error: builder for 'DRV' failed with exit code 1;
                   last 4 log lines:
                   >   make: *** [all] Error 2
                   >\s
                   > > Last 1 log lines:
                   > bye
                   For full logs, run 'nix log DRV'.\
            """));
  }

  @Test
  void aFailureWithoutALogRepeatsNothing() {
    assertEquals(
        List.of(),
        lastLines(
            """
            error: Cannot build 'DRV'.
                   Reason: builder failed with exit code 3.
                   Output paths:
                     /nix/store/x83k6cfan80zcdz04k98bm71f6akjadl-bad-2.0\
            """));
    assertEquals(List.of(), lastLines("error: builder for 'DRV' failed with exit code 1"));
    assertEquals(List.of(), lastLines("error: hash mismatch in 'DRV':\n > no heading"));
  }

  @Test
  void ofManyLastLinesTheEndIsKept() {
    String begin = "error: Cannot build 'DRV'.\n Last 99 log lines:\n";
    String numbers =
        IntStream.range(0, 99).mapToObj(" > line %d\n"::formatted).collect(Collectors.joining());
    assertEquals(
        IntStream.range(74, 99).mapToObj("line %d"::formatted).toList(),
        lastLines(begin + numbers));

    List<String> cut =
        lastLines(begin + " > gone\n > " + "long ".repeat(1000) + "\n > the end\n For full logs");
    assertEquals(List.of("the end"), cut.subList(1, cut.size()));
    assertEquals(4096, String.join("\n", cut).length());
    assertTrue(cut.getFirst().endsWith("long long "), cut.getFirst());

    // The cut would go through a character of two parts.
    String emoji = lastLines(begin + " > " + "😀".repeat(3000) + "a\n").getFirst();
    assertEquals("😀".repeat(2047) + "a", emoji);
  }
}
