package dev.nixtape.projections;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How long builds waited before they began.
///
/// @param kinds by what they waited for
/// @param hosts the same on each host
/// @param longest some that took longest, of the last that `looked` counts
public record Waits(
    @Nullable Instant since,
    @Nullable Instant until,
    List<Row> kinds,
    List<Row> hosts,
    long looked,
    List<Wait> longest) {

  /// @param waitsFor `lock`, `machine`, `build user`, `resolved` or `other`
  /// @param host null when it is of all
  public record Row(
      String waitsFor,
      @Nullable String host,
      long count,
      long totalMs,
      @Nullable Long meanMs,
      @Nullable Long p95Ms,
      @Nullable Long maxMs) {}

  /// @param what the name of what was to be built
  /// @param build the id of the build that began then; null when none did
  /// @param parent the id of the activity that waited, where Nix says so
  public record Wait(
      String id,
      String waitsFor,
      String what,
      String host,
      Instant startedAt,
      long durationMs,
      @Nullable String build,
      @Nullable String parent) {}
}
