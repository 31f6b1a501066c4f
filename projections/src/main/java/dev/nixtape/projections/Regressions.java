package dev.nixtape.projections;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What takes longer, less long, or fails more often than in the period of the same length before.
///
/// @param before the begin of the period before, which ends at `since`
/// @param tests how many were made, of all packages
/// @param rows what is not chance; what loses most time a day first, what wins most last
public record Regressions(
    Instant before, Instant since, Instant until, long tests, List<Row> rows) {

  /// A `q` above this is no evidence.
  public static final double SIGNIFICANT = 0.05;

  public enum Change {
    SLOWER,
    FASTER,
    FAILS;

    private final String json = name().toLowerCase(Locale.ROOT);

    @JsonValue
    public String json() {
      return json;
    }
  }

  /// Builds of a package for a system, or a part of them.
  ///
  /// @param name a derivation's without version
  /// @param system "" when unknown
  /// @param phase null when it is about whole builds
  /// @param host null when it is about all of them
  public record What(String name, String system, @Nullable String phase, @Nullable String host) {

    public boolean isWhole() {
      return phase == null && host == null;
    }

    /// Whether another is about a part of what this is about.
    public boolean covers(What that) {
      return !equals(that)
          && name.equals(that.name)
          && system.equals(that.system)
          && (phase == null || phase.equals(that.phase))
          && (host == null || host.equals(that.host));
    }
  }

  /// Of those that succeeded.
  ///
  /// @param beforeMs the median
  /// @param afterMs the median
  /// @param shiftMs the median of all differences (Hodges-Lehmann)
  /// @param shiftFromMs with `shiftToMs` the 95 % confidence interval
  public record Times(
      long beforeMs, long afterMs, long shiftMs, long shiftFromMs, long shiftToMs) {}

  /// How many failed.
  public record Failures(long before, long after) {}

  /// @param samplesBefore builds that were compared: that succeeded, and those that failed when it
  ///   is about failures
  /// @param p how likely such a difference is by chance
  /// @param q the same, corrected for the number of tests: of the rows with at most this q, about
  ///   that part is a false alarm
  /// @param lostMsPerDay how much time it takes a day, more than before; what failed builds take,
  ///   when it is about failures
  /// @param times null when it is about failures
  /// @param failures null unless it is about failures
  /// @param within the phases and hosts in which it happens, as far as they differ
  public record Row(
      What what,
      Change change,
      long samplesBefore,
      long samples,
      double p,
      double q,
      long lostMsPerDay,
      @Nullable Times times,
      @Nullable Failures failures,
      List<Row> within) {

    public Row withQ(double q) {
      return new Row(
          what, change, samplesBefore, samples, p, q, lostMsPerDay, times, failures, within);
    }

    public Row with(List<Row> within) {
      return new Row(
          what, change, samplesBefore, samples, p, q, lostMsPerDay, times, failures, within);
    }
  }
}
