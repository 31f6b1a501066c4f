package dev.nixtape.projections;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What builds cost, shared out: rows sum up to the total. A build costs its processor time where
/// that was measured, else the time from its begin to its end.
///
/// @param measure what `ms` is of
public record Costs(
    @Nullable Instant since,
    @Nullable Instant until,
    String zone,
    By by,
    Measure measure,
    Row total,
    List<Row> rows) {

  /// By whom or what.
  public enum By {
    USER,
    HOST,
    PNAME,
    DAY
  }

  /// Which times were added up.
  public enum Measure {
    /// Processor time alone.
    CPU,
    /// How long builds took, alone.
    WALL,
    /// Of some builds this, of others that.
    MIXED;

    private final String json = name().toLowerCase(Locale.ROOT);

    @JsonValue
    public String json() {
      return json;
    }
  }

  /// @param key null of the total, and of a user whom nobody knows
  /// @param builds however they ended
  /// @param measured of how many of them the processor time is known
  /// @param ms all of their time: of those the processor time, of the others how long they took
  /// @param cpuMs of it, processor time
  /// @param failedMs of it, the time of those that failed
  /// @param percent of the total's time, to a tenth; those of all rows sum up to 100
  public record Row(
      @Nullable String key,
      long builds,
      long failed,
      long measured,
      long ms,
      long cpuMs,
      long failedMs,
      double percent) {
    public Row withKey(String key) {
      return new Row(key, builds, failed, measured, ms, cpuMs, failedMs, percent);
    }

    public Row withPercent(double percent) {
      return new Row(key, builds, failed, measured, ms, cpuMs, failedMs, percent);
    }
  }
}
