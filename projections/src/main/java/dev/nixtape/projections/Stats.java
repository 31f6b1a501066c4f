package dev.nixtape.projections;

import dev.nixtape.projections.Build.Kind;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// How much was done: totals by kind of activity, over all and by day.
///
/// @param kinds over the whole period
/// @param days by the day (UTC) on which it finished
/// @param log what the log holds, of all times
public record Stats(List<Totals> kinds, List<Day> days, LogView log) {

  /// @param day ISO 8601, UTC
  public record Day(String day, List<Totals> kinds) {}

  /// What activities of one kind come to.
  ///
  /// @param durationMs the sum of their times
  /// @param bytes copied or downloaded
  public record Totals(
      Kind kind,
      long count,
      long succeeded,
      long failed,
      long interrupted,
      long cached,
      long unknown,
      long durationMs,
      long bytes,
      long logLines) {

    public static Totals none(Kind kind) {
      return new Totals(kind, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    public static Totals of(Build build) {
      Build.Outcome outcome = build.outcome() == null ? Build.Outcome.UNKNOWN : build.outcome();
      return new Totals(
          build.kind(),
          1,
          outcome == Build.Outcome.SUCCEEDED ? 1 : 0,
          outcome == Build.Outcome.FAILED ? 1 : 0,
          outcome == Build.Outcome.INTERRUPTED ? 1 : 0,
          outcome == Build.Outcome.CACHED ? 1 : 0,
          outcome == Build.Outcome.UNKNOWN ? 1 : 0,
          build.durationMs() == null ? 0 : build.durationMs(),
          build.bytes() == null ? 0 : build.bytes(),
          build.logLines());
    }

    public Totals plus(Totals that) {
      return new Totals(
          kind,
          count + that.count,
          succeeded + that.succeeded,
          failed + that.failed,
          interrupted + that.interrupted,
          cached + that.cached,
          unknown + that.unknown,
          durationMs + that.durationMs,
          bytes + that.bytes,
          logLines + that.logLines);
    }
  }

  /// One day's totals of one kind, as a partition keeps them.
  public record DayTotals(String day, Totals totals) {}

  /// Adds up what several partitions say of the days since `since`.
  public static Stats of(Iterable<DayTotals> parts, LocalDate since, LogView log) {
    Map<Kind, Totals> kinds = new TreeMap<>();
    Map<String, Map<Kind, Totals>> days = new TreeMap<>();
    for (DayTotals part : parts) {
      if (LocalDate.parse(part.day()).isBefore(since)) {
        continue;
      }
      Kind kind = part.totals().kind();
      kinds.merge(kind, part.totals(), Totals::plus);
      days.computeIfAbsent(part.day(), day -> new TreeMap<>())
          .merge(kind, part.totals(), Totals::plus);
    }
    return new Stats(
        List.copyOf(kinds.values()),
        days.entrySet().stream()
            .map(day -> new Day(day.getKey(), List.copyOf(day.getValue().values())))
            .toList(),
        log);
  }
}
