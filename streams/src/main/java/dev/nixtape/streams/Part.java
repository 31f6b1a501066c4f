package dev.nixtape.streams;

import dev.nixtape.projections.Behind;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildQuery;
import dev.nixtape.projections.Caches.Rebuilds;
import dev.nixtape.projections.During;
import dev.nixtape.projections.FlakyBuild;
import dev.nixtape.projections.HostView;
import dev.nixtape.projections.NameHistory;
import dev.nixtape.projections.Session;
import dev.nixtape.projections.StatsQuery;
import dev.nixtape.projections.TimeSpan;
import dev.nixtape.projections.Trend;
import dev.nixtape.projections.TrendQuery;
import dev.nixtape.projections.control.CommandQuery;
import dev.nixtape.projections.control.CommandView;
import dev.nixtape.projections.derivations.KnownDerivation;
import dev.nixtape.projections.derivations.Node;
import dev.nixtape.projections.history.Dimension;
import dev.nixtape.projections.history.Past;
import dev.nixtape.projections.hosts.HostState;
import dev.nixtape.projections.operations.Waiting.Longest;
import dev.nixtape.projections.trends.Tests;
import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/// What one instance knows: the partitions of the stores that it holds. Streams are closed by who
/// asked.
interface Part {

  /// Activities that run, and of those that a query is about the ones that ended so recently that
  /// the facts may not be in any history yet.
  List<Build> live(BuildQuery query) throws IOException;

  /// Facts, last finished first.
  Stream<Build> finished(BuildQuery query) throws IOException;

  /// Facts whose id begins with `prefix`.
  List<Build> finishedById(String prefix) throws IOException;

  /// Builds of these derivations that ended since, for machines to which others sent them.
  List<Build> built(Collection<String> drvPaths, Instant since) throws IOException;

  List<Session> openSessions() throws IOException;

  /// Newest first.
  Stream<Session> endedSessions() throws IOException;

  List<NameHistory> names() throws IOException;

  /// What the rows of a question come to.
  List<Past.Sum> sums(StatsQuery query) throws IOException;

  /// The times behind them.
  List<Past.Times> times(StatsQuery query) throws IOException;

  /// Builds that failed, last finished first.
  Stream<Build> failed(During during) throws IOException;

  /// All builds of a derivation are in one part.
  List<FlakyBuild> flaky(During during) throws IOException;

  /// Sums of one kind by what its facts tell, of a time exactly.
  List<Past.Sum> slices(Build.Kind kind, Dimension dimension, During during) throws IOException;

  /// The same of all kinds, of whole days (UTC).
  List<Past.Sum> days(Dimension dimension, During during) throws IOException;

  Rebuilds rebuilds(During during) throws IOException;

  Longest longestWaits(During during) throws IOException;

  /// Builds of a package, for all systems.
  List<Trend.Point> points(TrendQuery query) throws IOException;

  /// What tests of all packages say.
  Tests tests(TimeSpan span) throws IOException;

  List<HostView> hosts() throws IOException;

  /// What hosts use now; not those of which nothing has been heard lately.
  List<HostState> using() throws IOException;

  /// Commands, newest first.
  Stream<CommandView> commands(CommandQuery query) throws IOException;

  /// What has this id: one, and those that somebody misdirected.
  List<CommandView> command(UUID id) throws IOException;

  /// Those of these derivations that it knows.
  List<Node> nodes(Collection<String> drvPaths) throws IOException;

  /// The same, whole.
  List<KnownDerivation> derivations(Collection<String> drvPaths) throws IOException;

  /// How far its folds are behind the log.
  Behind behind() throws IOException;
}
