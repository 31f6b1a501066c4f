package dev.nixtape.projections.trends;

import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Regressions.Change;
import dev.nixtape.projections.Regressions.Failures;
import dev.nixtape.projections.Regressions.Row;
import dev.nixtape.projections.Regressions.Times;
import dev.nixtape.projections.Regressions.What;
import dev.nixtape.projections.history.Sample;
import dev.nixtape.projections.statistics.Doubles;
import dev.nixtape.projections.statistics.Failing;
import dev.nixtape.projections.statistics.Quantiles;
import dev.nixtape.projections.statistics.Shift;
import java.util.List;
import java.util.Optional;

/// The builds that one pair of tests is about, of two periods.
final class Compared {
  private static final class Side {
    private final Doubles times = new Doubles();
    private int failed;
    private long failedMs;
  }

  private final Side before = new Side();
  private final Side after = new Side();

  void add(boolean isAfter, Sample sample) {
    Side side = isAfter ? after : before;
    if (sample.isTimed(Kind.BUILD)) {
      side.times.add((double) sample.durationMs());
    } else if (sample.outcome() == Outcome.FAILED) {
      side.failed++;
      side.failedMs += sample.durationMs();
    }
  }

  void addTime(boolean isAfter, long ms) {
    (isAfter ? after : before).times.add((double) ms);
  }

  /// Whether times can be tested.
  boolean isTimed() {
    return Shift.enough(before.times.size(), after.times.size());
  }

  /// What a test of the times says when it is significant by itself.
  ///
  /// @param days that the later period has
  Optional<Row> shifted(What what, double days) {
    double[] then = before.times.toArray();
    double[] now = after.times.toArray();
    // Few get here; of all others the p-value is enough.
    if (Shift.p(then, now) > Shift.SIGNIFICANT
        || !(Shift.between(then, now) instanceof Shift.Tested shift)) {
      return Optional.empty();
    }
    return Optional.of(
        new Row(
            what,
            shift.difference() < 0 ? Change.FASTER : Change.SLOWER,
            then.length,
            now.length,
            shift.p(),
            shift.p(),
            Math.round(shift.difference() * now.length / days),
            new Times(
                Math.round(Quantiles.of(then).median()),
                Math.round(Quantiles.of(now).median()),
                Math.round(shift.difference()),
                Math.round(shift.interval().low()),
                Math.round(shift.interval().high())),
            null,
            List.of()));
  }

  Failing failing() {
    return new Failing(before.failed, before.times.size(), after.failed, after.times.size());
  }

  /// What a test of the failures says when it is significant by itself.
  Optional<Row> failing(What what, double days) {
    double p = failing().p();
    if (p > Shift.SIGNIFICANT) {
      return Optional.empty();
    }
    return Optional.of(
        new Row(
            what,
            Change.FAILS,
            before.failed + before.times.size(),
            after.failed + after.times.size(),
            p,
            p,
            Math.round(after.failedMs / days),
            null,
            new Failures(before.failed, after.failed),
            List.of()));
  }
}
