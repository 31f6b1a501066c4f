package dev.nixtape.projections.trends;

import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.PackageName;
import dev.nixtape.projections.Trend;
import dev.nixtape.projections.Trend.Change;
import dev.nixtape.projections.Trend.Count;
import dev.nixtape.projections.Trend.Point;
import dev.nixtape.projections.TrendQuery;
import dev.nixtape.projections.history.Past;
import dev.nixtape.projections.history.Sample;
import dev.nixtape.projections.nix.StorePath;
import dev.nixtape.projections.statistics.ChangePoint;
import dev.nixtape.projections.statistics.ChangePoints;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Puts a package's builds in order and finds where they changed.
public final class Trending {
  private Trending() {}

  /// A partition's builds of a package, for all systems.
  public static List<Point> points(Past past, TrendQuery query) {
    String pkg = PackageName.of(query.name());
    boolean whole = query.name().equals(pkg);
    List<Point> points = new ArrayList<>();
    past.samples(
        Kind.BUILD,
        pkg,
        query.span().since(),
        query.span().until(),
        sample -> {
          if (whole || query.name().equals(sample.name())) {
            points.add(point(sample));
          }
        });
    return points;
  }

  /// Whether a question is about a derivation of that name.
  public static boolean isMeant(String name, TrendQuery query) {
    return name.equals(query.name()) || PackageName.of(name).equals(query.name());
  }

  private static Point point(Sample sample) {
    return new Point(
        Instant.ofEpochMilli(sample.at()),
        sample.name(),
        StorePath.version(sample.name()),
        sample.system(),
        sample.host(),
        sample.durationMs(),
        sample.outcome(),
        sample.logLines());
  }

  /// @param all of all partitions
  /// @param lastAt the end of the last build of all times
  public static Trend of(TrendQuery query, List<Point> all, @Nullable Instant lastAt) {
    List<Count> systems = systems(all);
    Optional<String> system =
        query.system().or(() -> systems.stream().findFirst().map(Count::system));
    List<Point> points =
        all.stream()
            .filter(point -> system.map(point.system()::equals).orElse(true))
            .sorted(Comparator.comparing(Point::at).thenComparing(Point::name))
            .toList();
    return new Trend(
        query.name(),
        query.span().since(),
        query.span().until(),
        system.orElse(null),
        systems,
        lastAt,
        points,
        changes(points));
  }

  private static List<Count> systems(List<Point> points) {
    Map<String, Long> builds =
        points.stream()
            .collect(Collectors.groupingBy(Point::system, TreeMap::new, Collectors.counting()));
    return builds.entrySet().stream()
        .map(system -> new Count(system.getKey(), system.getValue()))
        .sorted(Comparator.comparingLong(Count::builds).reversed())
        .toList();
  }

  private static List<Change> changes(List<Point> points) {
    List<Point> timed =
        points.stream().filter(point -> point.outcome() == Outcome.SUCCEEDED).toList();
    List<Change> changes = new ArrayList<>();
    for (ChangePoint change :
        ChangePoints.of(timed.stream().mapToDouble(Point::durationMs).toArray())) {
      changes.add(
          new Change(
              timed.get(change.index()).at(),
              Math.round(change.before()),
              Math.round(change.after()),
              change.p(),
              newName(timed, change.index())));
    }
    return changes;
  }

  /// The name that was built for the first time there, or nearest to there: where in noise a level
  /// changes is found to within a few values.
  private static @Nullable String newName(List<Point> points, int index) {
    Map<String, Integer> first = new LinkedHashMap<>();
    for (int i = 0; i < points.size(); i++) {
      first.putIfAbsent(points.get(i).name(), i);
    }
    return first.entrySet().stream()
        .filter(name -> name.getValue() > 0)
        .filter(name -> Math.abs(name.getValue() - index) < ChangePoints.SHORTEST)
        .min(Comparator.comparingInt(name -> Math.abs(name.getValue() - index)))
        .map(Map.Entry::getKey)
        .orElse(null);
  }
}
