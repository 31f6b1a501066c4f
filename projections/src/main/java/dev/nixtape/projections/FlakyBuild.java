package dev.nixtape.projections;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A derivation that does not always build, or not always the same: it failed and succeeded later,
/// unchanged, or built again it came out differently.
///
/// @param differed Nix built it again (`--rebuild`, `--check`) and got something else
/// @param attempts how often it succeeded or failed in the period
/// @param failed how often of these it failed
/// @param lostMs the time of those
/// @param failedOn where, each once: the host, or the remote machine that built it; as succeededOn
/// @param failure the evidence: the last failure that a success followed, or the last difference
/// @param success the first success after it; of a difference, one that is known at all
public record FlakyBuild(
    String name,
    String drvPath,
    boolean differed,
    long attempts,
    long failed,
    long lostMs,
    List<String> failedOn,
    List<String> succeededOn,
    Attempt failure,
    @Nullable Attempt success) {

  /// @param at when it finished
  /// @param on the host, or the remote machine that built it
  /// @param reason null of one that did not fail, or when Nix did not say
  public record Attempt(
      String id,
      Instant at,
      String host,
      String on,
      @Nullable Long durationMs,
      @Nullable String reason) {}
}
