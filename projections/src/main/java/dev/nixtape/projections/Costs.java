package dev.nixtape.projections;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What builds cost, shared out: rows sum up to the total.
///
/// @param measure what `ms` is: `wall`, the time from a build's start to its end
public record Costs(
    @Nullable Instant since,
    @Nullable Instant until,
    String zone,
    By by,
    String measure,
    Row total,
    List<Row> rows) {

  /// By whom or what.
  public enum By {
    USER,
    HOST,
    PNAME,
    DAY
  }

  /// @param key null of the total, and of a user whom nobody knows
  /// @param builds however they ended
  /// @param ms all of their time
  /// @param failedMs of it, the time of those that failed
  /// @param percent of the total's time, to a tenth; those of all rows sum up to 100
  public record Row(
      @Nullable String key, long builds, long failed, long ms, long failedMs, double percent) {}
}
