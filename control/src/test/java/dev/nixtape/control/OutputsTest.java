package dev.nixtape.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.nix.Derivation;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Paths as Nix 2.34.8 told them to its builders.
class OutputsTest {
  private static final String DRV = "/nix/store/0956kyv2n12l3s7jganabywmbw4x6p4j-plain.drv";
  private static final String OUT = "/nix/store/jrqczihlzip0xiw416y5fgnzi0sdvm1r-plain";

  private static Outputs of(String drvPath, Derivation.Output output) {
    return Outputs.of(
        drvPath,
        new Derivation(
            List.of(output), Map.of(), List.of(), "x86_64-linux", "/bin/sh", List.of(), Map.of()));
  }

  @Test
  void anOutputIsMadeAtItsPath() {
    Outputs outputs = of(DRV, new Derivation.Output("out", OUT, "", ""));

    assertTrue(outputs.match(Map.of("out", OUT, "name", "plain")));
    assertFalse(outputs.match(Map.of("name", "plain")));
    assertEquals(Set.of("jrqczihlzip0xiw416y5fgnzi0sdvm1r-plain.lock"), outputs.locks());
  }

  @Test
  void whatIsBuiltAgainToCompareIsMadeElsewhere() {
    Outputs outputs = of(DRV, new Derivation.Output("out", OUT, "", ""));

    assertTrue(outputs.match(Map.of("out", "/nix/store/ya6bivlbx2sjj1jcqlvk5k6zihqd605j-plain")));
  }

  @Test
  void whatDependsOnItsContentsIsMadeElsewhereToo() {
    Outputs outputs =
        of(
            "/nix/store/nv345caqz89x7qx8qm4ccsmig9qjlv0k-floating.drv",
            new Derivation.Output("out", "", "r:sha256", ""));

    assertTrue(
        outputs.match(Map.of("out", "/nix/store/4s9s7zjkkavpjj1a6f3p2xykyxkksrm9-floating")));
    assertEquals(Set.of("nv345caqz89x7qx8qm4ccsmig9qjlv0k-floating.drv.out.lock"), outputs.locks());
  }

  /// Another derivation may fetch the same thing.
  @Test
  void theLockOfAFetchedOutputNamesNoDerivation() {
    Outputs outputs = of(DRV, new Derivation.Output("out", OUT, "sha256", "ab"));

    assertEquals(Set.of(), outputs.locks());
  }
}
