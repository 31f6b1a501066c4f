package dev.nixtape.projections.operations;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.During;
import dev.nixtape.projections.Stats.Totals;
import dev.nixtape.projections.Waits;
import dev.nixtape.projections.Waits.Row;
import dev.nixtape.projections.Waits.Wait;
import dev.nixtape.projections.history.Dimension;
import dev.nixtape.projections.history.Past.Sum;
import dev.nixtape.projections.history.Summary;
import dev.nixtape.projections.nix.StorePath;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// How long builds waited, and for what.
public final class Waiting {
  /// Waits that one part looks at, at most, for the longest.
  private static final int LOOKED = 10_000;

  /// Examples in an answer.
  private static final int SHOWN = 5;

  /// The first path in Nix's words: a derivation's, or an output's that is locked.
  private static final Pattern PATH = Pattern.compile("'([^']+)'");

  private Waiting() {}

  /// The longest of the last waits of one part.
  public record Longest(long looked, List<Build> waits) {
    public static Longest of(List<Longest> parts) {
      return new Longest(
          parts.stream().mapToLong(Longest::looked).sum(),
          top(parts.stream().flatMap(part -> part.waits.stream())));
    }
  }

  /// @param waits last finished first
  public static Longest longest(Stream<Build> waits) {
    List<Build> longest = new ArrayList<>();
    long looked = 0;
    for (Build wait : (Iterable<Build>) waits.limit(LOOKED)::iterator) {
      looked++;
      longest.add(wait);
      if (longest.size() > 2 * SHOWN) {
        longest = new ArrayList<>(top(longest.stream()));
      }
    }
    return new Longest(looked, top(longest.stream()));
  }

  private static List<Build> top(Stream<Build> waits) {
    return waits
        .sorted(Comparator.comparingLong(Waiting::ms).reversed().thenComparing(Build::id))
        .limit(SHOWN)
        .toList();
  }

  private static long ms(Build wait) {
    return Objects.requireNonNullElse(wait.durationMs(), 0L);
  }

  /// The path that a wait is about; empty when its text names none.
  static Optional<String> path(Build wait) {
    Matcher path = PATH.matcher(wait.name());
    return path.find() ? Optional.of(path.group(1)) : Optional.empty();
  }

  /// @param sums of waits, by what they are for and host, from all parts
  /// @param begun the build of a path that began when a wait ended
  public static Waits of(
      During during,
      List<Sum> sums,
      List<Longest> parts,
      BiFunction<Build, String, Optional<Build>> begun) {
    Map<String, Summary> kinds = new TreeMap<>();
    Map<String, Summary> hosts = new TreeMap<>();
    for (Sum sum : sums) {
      String waitsFor = sum.name().substring(0, sum.name().indexOf('/'));
      kinds.computeIfAbsent(waitsFor, _ -> new Summary()).add(sum.summary());
      hosts.computeIfAbsent(sum.name(), _ -> new Summary()).add(sum.summary());
    }
    List<Row> byKind = new ArrayList<>();
    kinds.forEach((waitsFor, sum) -> byKind.add(row(waitsFor, null, sum)));
    List<Row> byHost = new ArrayList<>();
    hosts.forEach((name, sum) -> {
      int slash = name.indexOf('/');
      byHost.add(row(name.substring(0, slash), name.substring(slash + 1), sum));
    });
    Comparator<Row> mostFirst = Comparator.comparingLong(Row::totalMs).reversed();
    byKind.sort(mostFirst);
    byHost.sort(mostFirst);
    Longest longest = Longest.of(parts);
    return new Waits(
        during.since().orElse(null),
        during.until().orElse(null),
        byKind,
        byHost,
        longest.looked,
        longest.waits.stream().map(wait -> wait(wait, begun)).toList());
  }

  private static Row row(String waitsFor, @Nullable String host, Summary sum) {
    Totals totals = sum.totals(Kind.WAIT);
    return new Row(
        waitsFor,
        host,
        totals.count(),
        totals.durationMs(),
        totals.meanMs(),
        totals.p95Ms(),
        totals.maxMs());
  }

  private static Wait wait(Build wait, BiFunction<Build, String, Optional<Build>> begun) {
    Optional<String> path = path(wait);
    return new Wait(
        wait.id(),
        Dimension.waitsFor(wait.name()),
        path.map(StorePath::name).orElse(wait.name()),
        wait.host(),
        wait.startedAt(),
        ms(wait),
        path.flatMap(p -> begun.apply(wait, p)).map(Build::id).orElse(null),
        wait.parent());
  }

  /// Of the builds of a name, the one that a wait was for: of the same derivation where the wait
  /// names it, on the same host, begun first when the wait was over.
  public static Optional<Build> begunAfter(Build wait, String path, Stream<Build> builds) {
    return builds
        .filter(build ->
            build.host().equals(wait.host())
                && !build.startedAt().isBefore(wait.startedAt())
                && (path.endsWith(".drv")
                    ? path.equals(build.drvPath())
                    : build.storePath() == null || path.equals(build.storePath())))
        .filter(build -> build.finishedAt() == null || !build.finishedAt().isBefore(end(wait)))
        .min(Comparator.comparing(Build::startedAt));
  }

  private static Instant end(Build wait) {
    return Objects.requireNonNullElse(wait.finishedAt(), wait.startedAt());
  }
}
