package dev.nixtape.projections;

import dev.nixtape.projections.Build.Outcome;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How the builds of one package for one system went over time.
///
/// @param system null when none finished in that time, as with `points`
/// @param systems all that it was built for in that time, the most frequent first
/// @param lastAt when the last of all times finished, when none did in that time; else null
/// @param points the oldest first
/// @param changes of how long those take that succeed
public record Trend(
    String name,
    Instant since,
    Instant until,
    @Nullable String system,
    List<Count> systems,
    @Nullable Instant lastAt,
    List<Point> points,
    List<Change> changes) {

  public record Count(String system, long builds) {}

  /// A build.
  ///
  /// @param at when it finished
  /// @param version "" when its name has none
  /// @param system "" when unknown
  public record Point(
      Instant at,
      String name,
      String version,
      String system,
      String host,
      long durationMs,
      Outcome outcome,
      long logLines) {}

  /// Where the level of the durations changed.
  ///
  /// @param at the end of the first build that is of the new level
  /// @param beforeMs the median up to there, from the change before
  /// @param afterMs the median from there, to the next change
  /// @param name that was built for the first time then, or few builds before or after; null when
  ///   none was
  public record Change(Instant at, long beforeMs, long afterMs, double p, @Nullable String name) {}
}
