package dev.nixtape.projections;

import java.util.List;
import java.util.stream.Stream;

/// The questions that can be asked of a tape: of all hosts, whichever instance is asked. Streams
/// are closed by who asked.
public interface Projections {

  /// Activities: running ones first, newest first, then finished ones, last finished first; each
  /// once.
  Stream<Build> builds(BuildQuery query);

  /// The activities whose id begins with `prefix`: one, or several when it is too short, or none.
  List<Build> build(String prefix);

  /// Sessions, newest first.
  Stream<Session> sessions(boolean ended);

  /// What is known of every derivation name, by name.
  List<NameHistory> names();

  /// Totals. Throws `NotKnown` when no derivation has a name that it asks for.
  Stats stats(StatsQuery query);

  /// Builds that failed, last finished first.
  Stream<Build> failed(During during);

  /// The most time lost first.
  List<FlakyBuild> flaky(During during);

  Costs costs(During during, Costs.By by);

  /// Of whole days (UTC).
  Caches caches(During during);

  Waits waits(During during);

  /// Builds of one package over time. Throws `NotKnown` when none of that name was recorded.
  Trend trend(TrendQuery query);

  /// What got slower, faster or began to fail, against the time of the same length before.
  Regressions regressions(TimeSpan span);

  /// By name.
  List<HostView> hosts();

  /// Remote builders, by address.
  List<MachineView> machines();

  /// How far all of these answers are behind the log.
  Behind behind();
}
