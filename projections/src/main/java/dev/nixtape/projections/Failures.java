package dev.nixtape.projections;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Builds that failed, those for the same reason together.
///
/// @param failed how many in all
/// @param logsRead of how many the log's end is known: because Nix repeated it, or because it was
///   looked at, which a moment allows for the newest
/// @param groups the most frequent first
public record Failures(
    @Nullable Instant since,
    @Nullable Instant until,
    long failed,
    long logsRead,
    List<Group> groups) {

  /// Failures whose reasons and telling lines differ in nothing but numbers, hashes and folders.
  ///
  /// @param reason Nix's words, without what differs; `unknown` when Nix did not say
  /// @param line the last telling line of the log, without what differs; "" of an empty log; null
  ///   when the log's end is not known
  /// @param packages names without version, each once
  /// @param example the id of the last one
  /// @param exampleLine its line in full
  public record Group(
      String reason,
      @Nullable String line,
      long count,
      List<String> packages,
      List<String> hosts,
      Instant firstAt,
      Instant lastAt,
      String example,
      @Nullable String exampleLine) {}
}
