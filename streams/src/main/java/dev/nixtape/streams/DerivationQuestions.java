package dev.nixtape.streams;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.BuildQuery;
import dev.nixtape.projections.BuildQuery.Show;
import dev.nixtape.projections.PackageName;
import dev.nixtape.projections.Projections;
import dev.nixtape.projections.Session;
import dev.nixtape.projections.derivations.CriticalPath;
import dev.nixtape.projections.derivations.Estimate;
import dev.nixtape.projections.derivations.Graph;
import dev.nixtape.projections.derivations.KnownDerivation;
import dev.nixtape.projections.derivations.Library;
import dev.nixtape.projections.derivations.Node;
import dev.nixtape.projections.derivations.Run;
import dev.nixtape.projections.derivations.Tree;
import dev.nixtape.projections.derivations.TreeView;
import dev.nixtape.projections.derivations.Why;
import dev.nixtape.projections.nix.StorePath;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The questions about what builds need. All of them name a build (by its id), a derivation (by its
/// path), a session, or a derivation's name, which means its last build.
final class DerivationQuestions {
  /// Derivations of a tree at most.
  private static final int MAX_NODES = 50_000;

  /// Names whose history is looked at for one answer.
  private static final int MAX_ESTIMATES = 200;

  /// Builds of a name that are looked through for `Estimate.SAMPLES` that succeeded.
  private static final int MAX_HISTORY = 200;

  /// Builds of a package that are looked through for one to compare with.
  private static final int MAX_CANDIDATES = 20;

  /// Rows of a tree of which only what matters is shown.
  private static final int ROWS = 60;

  private final Projections projections;
  private final Library library;

  DerivationQuestions(Projections projections, Library library) {
    this.projections = projections;
    this.library = library;
  }

  /// What a question is about.
  ///
  /// @param drvPath null for a session
  /// @param build null for a session, and for a derivation that was not built yet
  /// @param sessions of the run that it belongs to
  /// @param activities the builds and substitutions of that run
  private record Subject(
      @Nullable String drvPath,
      @Nullable Build build,
      List<Session> sessions,
      List<Build> activities) {

    List<String> sessionIds() {
      return sessions.stream().map(Session::id).toList();
    }

    /// Whether it is a derivation that nobody built, asked for or read.
    boolean isUnknown(Graph graph) {
      return drvPath != null
          && build == null
          && sessions.isEmpty()
          && graph.unread().contains(drvPath);
    }

    /// What the run wanted and what was built in it, and what is asked about.
    List<String> drvPaths() {
      return Stream.of(
              Stream.ofNullable(drvPath),
              sessions.stream().flatMap(session -> session.wanted().stream()),
              activities.stream()
                  .filter(activity -> activity.kind() == Kind.BUILD)
                  .flatMap(activity -> Stream.ofNullable(activity.drvPath())))
          .flatMap(drvPaths -> drvPaths)
          .distinct()
          .toList();
    }
  }

  TreeView tree(String what, boolean all) {
    Subject subject = subject(what);
    Instant now = Instant.now();
    List<String> asked =
        subject.drvPath() == null ? subject.drvPaths() : List.of(subject.drvPath());
    Graph graph = Graph.of(library, asked, MAX_NODES);
    if (asked.isEmpty() || subject.isUnknown(graph)) {
      throw unknown(what);
    }
    Tree tree = new Tree(graph, graph.tops(asked), new Run(subject.activities()));
    Map<String, Estimate> estimates = new HashMap<>();
    tree.unfinished().stream()
        .limit(MAX_ESTIMATES)
        .forEach(
            node -> estimate(node).ifPresent(estimate -> estimates.put(node.drvPath(), estimate)));
    return tree.view(subject.sessionIds(), estimates, now, all, ROWS);
  }

  private static Questions.Refused unknown(String what) {
    return new Questions.Refused(404, "nothing of '%s' was built or read".formatted(what));
  }

  private Optional<Estimate> estimate(Node node) {
    try (Stream<Build> builds = projections.builds(builds(node.name(), MAX_HISTORY))) {
      return Estimate.of(
          builds
              .filter(build ->
                  build.outcome() == Outcome.SUCCEEDED
                      && node.system().equals(build.system())
                      && build.durationMs() != null)
              .limit(Estimate.SAMPLES)
              .map(build -> Objects.requireNonNull(build.durationMs()))
              .toList());
    }
  }

  CriticalPath criticalPath(String what) {
    Subject subject = subject(what);
    Graph graph = Graph.of(library, subject.drvPaths(), MAX_NODES);
    return CriticalPath.of(subject.sessionIds(), subject.activities(), graph, Instant.now())
        .orElseThrow(() ->
            new Questions.Refused(
                404, "nothing was built or substituted in the run of '%s'".formatted(what)));
  }

  Why why(String what) {
    Subject subject = subject(what);
    Graph graph = Graph.of(library, subject.drvPaths(), MAX_NODES);
    List<String> tops = graph.tops(subject.drvPaths());
    String drvPath = subject.drvPath();
    if (drvPath == null) {
      if (tops.size() != 1) {
        throw new Questions.Refused(
            409,
            "that run built %d things that nothing else in it needs; ask for one: %s"
                .formatted(
                    tops.size(),
                    tops.stream().limit(5).map(StorePath::name).collect(Collectors.joining(", "))));
      }
      drvPath = tops.getFirst();
    }
    if (subject.isUnknown(graph)) {
      throw unknown(what);
    }
    String target = drvPath;
    Build build =
        subject.activities().stream()
            .filter(activity -> target.equals(activity.drvPath()) && activity.kind() == Kind.BUILD)
            .max(Comparator.comparing(Build::startedAt))
            .orElse(subject.build());
    List<Why.Needed> chain =
        graph.way(tops, target).stream()
            .map(each -> new Why.Needed(each, graph.node(each).name()))
            .toList();
    return Why.of(
        target,
        graph.node(target).name(),
        build,
        subject.sessions(),
        chain,
        previous(target, build),
        library);
  }

  /// The build of the same package for the same system that ended last before that one began.
  private @Nullable Build previous(String drvPath, @Nullable Build build) {
    List<KnownDerivation> known = library.derivations(List.of(drvPath));
    if (known.isEmpty()) {
      return null;
    }
    KnownDerivation derivation = known.getFirst();
    List<Build> candidates;
    String pkg = PackageName.of(derivation.name());
    try (Stream<Build> builds = projections.builds(builds(pkg, Long.MAX_VALUE))) {
      candidates =
          builds
              .filter(each ->
                  each.finishedAt() != null
                      && pkg.equals(PackageName.of(each.name()))
                      && derivation.system().equals(each.system())
                      && (build == null
                          || (!each.id().equals(build.id())
                              && !each.finishedAt().isAfter(build.startedAt()))))
              .limit(MAX_CANDIDATES)
              .toList();
    }
    Map<String, KnownDerivation> theirs =
        library
            .derivations(
                candidates.stream()
                    .flatMap(each -> Stream.ofNullable(each.drvPath()))
                    .distinct()
                    .toList())
            .stream()
            .collect(Collectors.toMap(KnownDerivation::drvPath, each -> each, (one, _) -> one));
    // The source of a package has its name too.
    return candidates.stream()
        .filter(each -> {
          KnownDerivation its = theirs.get(Objects.toString(each.drvPath(), ""));
          return its == null || its.fixed() == derivation.fixed();
        })
        .findFirst()
        .orElse(null);
  }

  private static BuildQuery builds(String name, long limit) {
    return new BuildQuery(
        Show.ALL,
        Optional.empty(),
        Optional.empty(),
        Optional.of(name),
        Optional.of(Kind.BUILD),
        Optional.empty(),
        limit);
  }

  private Subject subject(String what) {
    if (what.endsWith(".drv")) {
      return ofDerivation(what.startsWith("/") ? what : "/nix/store/" + what);
    }
    if (what.contains("/")) {
      return ofSession(what)
          .orElseThrow(() -> new Questions.Refused(404, "no session is '%s'".formatted(what)));
    }
    List<Build> found = projections.build(what);
    if (found.size() > 1) {
      throw new Questions.Refused(
          409,
          "several ids begin with '%s': %s"
              .formatted(
                  what, found.stream().limit(5).map(Build::id).collect(Collectors.joining(", "))));
    }
    return found.stream()
        .findFirst()
        .or(() -> last(what, _ -> true))
        .map(this::ofBuild)
        .orElseThrow(() ->
            new Questions.Refused(
                404, "no build's id begins with '%s', and none has that name".formatted(what)));
  }

  private Subject ofDerivation(String drvPath) {
    return last(StorePath.name(drvPath), build -> drvPath.equals(build.drvPath()))
        .map(this::ofBuild)
        .or(() ->
            wanting(drvPath)
                .flatMap(this::ofSession)
                .map(run -> new Subject(drvPath, null, run.sessions(), run.activities())))
        .orElseGet(() -> new Subject(drvPath, null, List.of(), running()));
  }

  /// The last session that asked for a derivation.
  private Optional<String> wanting(String drvPath) {
    try (Stream<Session> sessions = projections.sessions(true)) {
      return sessions
          .filter(session -> session.wanted().contains(drvPath))
          .findFirst()
          .map(Session::id);
    }
  }

  private List<Build> running() {
    try (Stream<Build> running = projections.builds(BuildQuery.of(Show.RUNNING))) {
      return running.toList();
    }
  }

  /// The last build of a name: one that runs, else the one that ended last.
  private Optional<Build> last(String name, java.util.function.Predicate<Build> is) {
    try (Stream<Build> builds = projections.builds(builds(name, Long.MAX_VALUE))) {
      return builds.filter(is).findFirst();
    }
  }

  private Subject ofBuild(Build build) {
    Subject run =
        ofSession(build.session())
            .orElseGet(() -> new Subject(null, null, List.of(), List.of(build)));
    return new Subject(
        build.kind() == Kind.BUILD ? build.drvPath() : null,
        build,
        run.sessions(),
        run.activities());
  }

  private Optional<Subject> ofSession(String id) {
    List<Session> sessions = run(id);
    if (sessions.isEmpty()) {
      return Optional.empty();
    }
    Set<String> ids =
        sessions.stream().map(Session::id).collect(Collectors.toCollection(HashSet::new));
    Instant since =
        sessions.stream().map(Session::openedAt).min(Comparator.naturalOrder()).orElseThrow();
    List<Build> activities = new ArrayList<>();
    for (Kind kind : List.of(Kind.BUILD, Kind.SUBSTITUTE)) {
      BuildQuery query =
          new BuildQuery(
              Show.ALL,
              Optional.of(sessions.getFirst().host()),
              Optional.empty(),
              Optional.empty(),
              Optional.of(kind),
              Optional.of(since),
              Long.MAX_VALUE);
      try (Stream<Build> builds = projections.builds(query)) {
        builds.filter(build -> ids.contains(build.session())).forEach(activities::add);
      }
    }
    return Optional.of(new Subject(null, null, sessions, activities));
  }

  /// The ids of the sessions of a run, of which one is named; none when nobody knows it.
  Set<String> sessions(String id) {
    return run(id).stream().map(Session::id).collect(Collectors.toSet());
  }

  /// A session and those that belong to the same run of a Nix program: its client's, and those of
  /// the workers that serve it, while they were open together. The client's first.
  private List<Session> run(String id) {
    String host = id.substring(0, id.indexOf('/') + 1);
    List<Session> sessions;
    try (Stream<Session> all = projections.sessions(true)) {
      sessions = all.filter(session -> session.id().startsWith(host)).toList();
    }
    return sessions.stream()
        .filter(session -> session.id().equals(id))
        .findFirst()
        .map(asked ->
            sessions.stream()
                .filter(session -> session.id().equals(id) || serveTheSame(session, asked))
                .sorted(
                    Comparator.<Session, Boolean>comparing(session -> session.client() != null)
                        .thenComparing(Session::openedAt))
                .toList())
        .orElse(List.of());
  }

  private static boolean serveTheSame(Session one, Session other) {
    return one.kind().equals("socket")
        && other.kind().equals("socket")
        && requester(one) != null
        && Objects.equals(requester(one), requester(other))
        && (one.closedAt() == null || !one.closedAt().isBefore(other.openedAt()))
        && (other.closedAt() == null || !other.closedAt().isBefore(one.openedAt()));
  }

  private static @Nullable Long requester(Session session) {
    return session.client() == null ? session.pid() : session.client();
  }
}
