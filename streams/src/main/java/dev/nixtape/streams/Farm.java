package dev.nixtape.streams;

import dev.nixtape.projections.Behind;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildQuery;
import dev.nixtape.projections.Caches;
import dev.nixtape.projections.Costs;
import dev.nixtape.projections.During;
import dev.nixtape.projections.FlakyBuild;
import dev.nixtape.projections.HostView;
import dev.nixtape.projections.LogView;
import dev.nixtape.projections.MachineView;
import dev.nixtape.projections.NameFilter;
import dev.nixtape.projections.NameHistory;
import dev.nixtape.projections.NotKnown;
import dev.nixtape.projections.PackageName;
import dev.nixtape.projections.Projections;
import dev.nixtape.projections.Regressions;
import dev.nixtape.projections.Session;
import dev.nixtape.projections.Stats;
import dev.nixtape.projections.StatsQuery;
import dev.nixtape.projections.TimeSpan;
import dev.nixtape.projections.Trend;
import dev.nixtape.projections.TrendQuery;
import dev.nixtape.projections.Waits;
import dev.nixtape.projections.control.CommandQuery;
import dev.nixtape.projections.control.CommandView;
import dev.nixtape.projections.control.Commands;
import dev.nixtape.projections.derivations.KnownDerivation;
import dev.nixtape.projections.derivations.Library;
import dev.nixtape.projections.derivations.Node;
import dev.nixtape.projections.history.Dimension;
import dev.nixtape.projections.history.Past;
import dev.nixtape.projections.history.Totalling;
import dev.nixtape.projections.hosts.Dispatched;
import dev.nixtape.projections.hosts.Dispatched.Together;
import dev.nixtape.projections.hosts.Using;
import dev.nixtape.projections.nix.StorePath;
import dev.nixtape.projections.operations.CacheUse;
import dev.nixtape.projections.operations.Costing;
import dev.nixtape.projections.operations.Flakiness;
import dev.nixtape.projections.operations.Waiting;
import dev.nixtape.projections.trends.Ranking;
import dev.nixtape.projections.trends.Trending;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Gatherers;
import java.util.stream.Stream;

/// Answers for the whole farm, from the parts of all instances. An instance that does not answer
/// makes the answer fail, by name: half an answer would look like a whole one.
final class Farm implements Projections, Library, Commands {
  /// Derivations asked for at once: their paths stand in a URL.
  private static final int BATCH = 200;

  private final Part local;
  private final Supplier<List<Part>> others;

  /// @param others the parts of all other instances, as they are now
  Farm(Part local, Supplier<List<Part>> others) {
    this.local = local;
    this.others = others;
  }

  private interface Question<T> {
    T ask(Part part) throws IOException;
  }

  private <T> List<T> all(Question<T> question) {
    List<Part> parts = new ArrayList<>();
    parts.add(local);
    parts.addAll(others.get());
    try {
      List<T> answers = new ArrayList<>();
      for (Part part : parts) {
        answers.add(question.ask(part));
      }
      return answers;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private <T> List<T> flat(Question<List<T>> question) {
    return all(question).stream().flatMap(List::stream).toList();
  }

  @Override
  public Stream<Build> builds(BuildQuery query) {
    List<Build> live = live(query);
    Together shown = together(live.stream().filter(query::matches).toList(), live);
    Stream<Build> running =
        shown.rows().stream()
            .filter(Build::running)
            .sorted(Comparator.comparing(Build::startedAt).reversed());
    if (query.show() == BuildQuery.Show.RUNNING) {
      return running;
    }
    Stream<Build> ended =
        shown.rows().stream()
            .filter(build -> !build.running())
            .sorted(Comparator.comparing(Build::endedAt).reversed());
    // A fact is live and in a history at once for a moment; it is shown once.
    Set<String> ids = new HashSet<>(shown.accounts());
    live.forEach(build -> ids.add(build.id()));
    List<Stream<Build>> finished = new ArrayList<>();
    finished.add(ended);
    all(part -> part.finished(query))
        .forEach(facts -> finished.add(facts.filter(build -> !ids.contains(build.id()))));
    return Stream.concat(
        running,
        Merge.of(finished, Comparator.comparing(Build::endedAt).reversed()).limit(query.limit()));
  }

  /// What runs, with what it uses, and what has just ended.
  private List<Build> live(BuildQuery query) {
    List<Build> live = flat(part -> part.live(query));
    if (live.stream().noneMatch(Build::running)) {
      return live;
    }
    Using using = using();
    return live.stream().map(using::with).toList();
  }

  private Using using() {
    return new Using(flat(Part::using));
  }

  /// Puts builds that were sent to other machines together with the accounts of those, which are
  /// live or in a history.
  private Together together(List<Build> rows, List<Build> live) {
    List<Build> sent = rows.stream().filter(Dispatched::isDispatched).toList();
    if (sent.isEmpty()) {
      return new Together(rows, Set.of());
    }
    Instant since =
        sent.stream()
            .map(Build::startedAt)
            .min(Comparator.naturalOrder())
            .orElseThrow()
            .minus(Dispatched.SKEW);
    List<String> drvPaths =
        sent.stream().flatMap(build -> Stream.ofNullable(build.drvPath())).distinct().toList();
    List<Build> candidates = new ArrayList<>(live);
    candidates.addAll(inBatches(drvPaths, (part, some) -> part.built(some, since)));
    return Dispatched.together(rows, candidates);
  }

  @Override
  public List<Build> build(String prefix) {
    Map<String, Build> found = new LinkedHashMap<>();
    for (Build build : flat(part -> part.finishedById(prefix))) {
      found.put(build.id(), build);
    }
    List<Build> live = live(BuildQuery.of(BuildQuery.Show.ALL));
    for (Build build : live) {
      if (build.id().startsWith(prefix)) {
        found.put(build.id(), build);
      }
    }
    return together(List.copyOf(found.values()), live).rows();
  }

  @Override
  public Stream<Session> sessions(boolean ended) {
    Stream<Session> open =
        flat(Part::openSessions).stream()
            .sorted(Comparator.comparing(Session::openedAt).reversed());
    return ended
        ? Stream.concat(
            open,
            Merge.of(all(Part::endedSessions), Comparator.comparing(Session::openedAt).reversed()))
        : open;
  }

  @Override
  public List<NameHistory> names() {
    return flat(Part::names).stream().sorted(Comparator.comparing(NameHistory::name)).toList();
  }

  @Override
  public Stats stats(StatsQuery query) {
    List<Past.Sum> sums = flat(part -> part.sums(query));
    if (sums.isEmpty()) {
      query.names().ifPresent(this::requireKnown);
    }
    return Totalling.of(
        query,
        sums,
        query.test() ? flat(part -> part.times(query)) : List.of(),
        query.before().map(before -> flat(part -> part.times(before))).orElse(List.of()),
        LogView.of(logged()));
  }

  private void requireKnown(NameFilter filter) {
    List<String> names = flat(Part::names).stream().map(NameHistory::name).toList();
    Predicate<String> matches = filter.matcher();
    if (names.stream()
        .noneMatch(name -> matches.test(name) || matches.test(PackageName.of(name)))) {
      throw new NotKnown(filter.text(), names);
    }
  }

  @Override
  public Stream<Build> failed(During during) {
    return Merge.of(
        all(part -> part.failed(during)), Comparator.comparing(Build::endedAt).reversed());
  }

  @Override
  public List<FlakyBuild> flaky(During during) {
    return Flakiness.sorted(flat(part -> part.flaky(during)).stream());
  }

  @Override
  public Costs costs(During during, Costs.By by) {
    return Costing.of(
        during,
        by,
        switch (by) {
          case USER -> flat(part -> part.slices(Build.Kind.BUILD, Dimension.USER, during));
          case HOST -> flat(part -> part.slices(Build.Kind.BUILD, Dimension.HOST, during));
          case PNAME, DAY -> flat(part -> part.sums(Costing.query(during, by)));
        });
  }

  @Override
  public Caches caches(During during) {
    return CacheUse.of(
        during,
        flat(part -> part.days(Dimension.SUBSTITUTER, during)),
        flat(part -> part.days(Dimension.ANSWER, during)),
        all(part -> part.rebuilds(during)));
  }

  @Override
  public Waits waits(During during) {
    return Waiting.of(
        during,
        flat(part -> part.slices(Build.Kind.WAIT, Dimension.WAIT, during)),
        all(part -> part.longestWaits(during)),
        this::begunAfter);
  }

  private Optional<Build> begunAfter(Build wait, String path) {
    BuildQuery query =
        new BuildQuery(
            BuildQuery.Show.ALL,
            Optional.of(wait.host()),
            Optional.empty(),
            Optional.of(StorePath.name(path)),
            Optional.of(Build.Kind.BUILD),
            Optional.empty(),
            Long.MAX_VALUE);
    try (Stream<Build> builds = builds(query)) {
      // Running ones come first, then the last that finished.
      return Waiting.begunAfter(
          wait,
          path,
          builds.takeWhile(build -> build.running() || !build.endedAt().isBefore(wait.endedAt())));
    }
  }

  @Override
  public Trend trend(TrendQuery query) {
    List<Trend.Point> points = flat(part -> part.points(query));
    return Trending.of(query, points, points.isEmpty() ? lastAt(query) : null);
  }

  private Instant lastAt(TrendQuery query) {
    List<NameHistory> names = flat(Part::names);
    return names.stream()
        .filter(name -> Trending.isMeant(name.name(), query))
        .map(NameHistory::lastAt)
        .max(Comparator.naturalOrder())
        .orElseThrow(
            () -> new NotKnown(query.name(), names.stream().map(NameHistory::name).toList()));
  }

  @Override
  public Regressions regressions(TimeSpan span) {
    return Ranking.of(span, all(part -> part.tests(span)));
  }

  @Override
  public List<HostView> hosts() {
    return using().with(logged());
  }

  @Override
  public List<MachineView> machines() {
    return using().machines();
  }

  /// Hosts as the log knows them.
  private Collection<HostView> logged() {
    Map<String, HostView> hosts = new TreeMap<>();
    for (HostView host : flat(Part::hosts)) {
      hosts.merge(host.host(), host, HostView::plus);
    }
    return hosts.values();
  }

  @Override
  public Stream<CommandView> commands(CommandQuery query) {
    return Merge.of(
            all(part -> part.commands(query)),
            Comparator.comparing(CommandView::recordedAt).reversed())
        .map(CommandView::withoutSights);
  }

  @Override
  public Optional<CommandView> command(UUID id) {
    return flat(part -> part.command(id)).stream()
        .max(Comparator.comparing(CommandView::addressed));
  }

  @Override
  public List<Node> nodes(Collection<String> drvPaths) {
    return inBatches(drvPaths, (part, some) -> part.nodes(some));
  }

  @Override
  public List<KnownDerivation> derivations(Collection<String> drvPaths) {
    return inBatches(drvPaths, (part, some) -> part.derivations(some));
  }

  private interface BatchQuestion<T> {
    List<T> ask(Part part, List<String> drvPaths) throws IOException;
  }

  private <T> List<T> inBatches(Collection<String> drvPaths, BatchQuestion<T> question) {
    return drvPaths.stream()
        .gather(Gatherers.windowFixed(BATCH))
        .flatMap(some -> flat(part -> question.ask(part, some)).stream())
        .toList();
  }

  @Override
  public Behind behind() {
    return all(Part::behind).stream().reduce(Behind.NOTHING, Behind::plus);
  }
}
