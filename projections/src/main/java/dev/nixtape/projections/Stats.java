package dev.nixtape.projections;

import dev.nixtape.projections.Build.Kind;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How much was done.
///
/// @param since the begin of the period in which it finished; null from the first on
/// @param until its end; null when it has none
/// @param zone whose days, weeks and months
/// @param kinds totals over the whole period, by kind of activity
/// @param rows by period, by package, or both, as it was asked for
/// @param log what the log holds, of all times
public record Stats(
    @Nullable Instant since,
    @Nullable Instant until,
    String zone,
    List<Totals> kinds,
    List<Row> rows,
    LogView log) {

  /// One period, one package, or one of both.
  ///
  /// @param from null unless it is of one period
  /// @param name a package: a derivation's name without version; null unless it is of one
  /// @param test against the period before, when that was asked for
  public record Row(
      @Nullable Instant from,
      @Nullable Instant to,
      @Nullable String name,
      Totals totals,
      @Nullable Test test) {}

  /// A two-sided Mann-Whitney U test of the times in a period against those in the one before.
  ///
  /// @param samplesBefore how many there are in the period before
  /// @param p null when there are too few
  /// @param shiftMs by how much it got slower: the median of all differences (Hodges-Lehmann)
  /// @param shiftFromMs with `shiftToMs` the 95 % confidence interval
  public record Test(
      long samplesBefore,
      long samples,
      @Nullable Double p,
      @Nullable Double shiftMs,
      @Nullable Double shiftFromMs,
      @Nullable Double shiftToMs) {}

  /// What activities of one kind come to.
  ///
  /// @param durationMs the sum of their times, however they ended
  /// @param measured of how many builds the processor time is known
  /// @param cpuMs the sum of it
  /// @param bytes copied or downloaded
  /// @param timed how many of them say how long such a thing takes: builds, substitutions and
  ///   copies that succeeded, others that did not fail; the following are of these
  /// @param meanMs null when there are none, as the others
  /// @param p50Ms the median
  /// @param lastAt when the last of all finished
  public record Totals(
      Kind kind,
      long count,
      long succeeded,
      long failed,
      long interrupted,
      long cached,
      long unknown,
      long durationMs,
      long measured,
      long cpuMs,
      long bytes,
      long logLines,
      long timed,
      @Nullable Long meanMs,
      @Nullable Long p50Ms,
      @Nullable Long p95Ms,
      @Nullable Long maxMs,
      Instant lastAt) {

    /// Bytes a second of the time that they took; null when there is none.
    public @Nullable Long bytesPerSecond() {
      return bytes == 0 || durationMs == 0 ? null : Math.round(bytes * 1000.0 / durationMs);
    }
  }
}
