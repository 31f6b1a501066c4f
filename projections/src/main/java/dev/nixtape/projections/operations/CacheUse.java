package dev.nixtape.projections.operations;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Caches;
import dev.nixtape.projections.Caches.Rebuild;
import dev.nixtape.projections.Caches.Rebuilds;
import dev.nixtape.projections.Caches.Substituter;
import dev.nixtape.projections.During;
import dev.nixtape.projections.Stats.Totals;
import dev.nixtape.projections.history.Past.Sum;
import dev.nixtape.projections.history.Summary;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/// What substituters were asked, gave and had not.
public final class CacheUse {
  /// Builds that one part looks at, at most.
  private static final int LOOKED = 20_000;

  /// Examples in an answer.
  private static final int SHOWN = 100;

  private CacheUse() {}

  /// @param sums by substituter, from all parts
  /// @param answers what became of queries, from all parts
  public static Caches of(
      During during, List<Sum> sums, List<Sum> answers, List<Rebuilds> rebuilds) {
    Map<String, Map<Kind, Summary>> all = new TreeMap<>();
    for (Sum sum : sums) {
      all.computeIfAbsent(sum.name(), _ -> new EnumMap<>(Kind.class))
          .computeIfAbsent(sum.kind(), _ -> new Summary())
          .add(sum.summary());
    }
    Map<String, Long> answered = new TreeMap<>();
    for (Sum answer : answers) {
      answered.merge(answer.name(), answer.summary().totals(answer.kind()).count(), Long::sum);
    }
    List<Substituter> substituters = new ArrayList<>();
    all.forEach((uri, kinds) -> {
      // What is only downloaded from, or copied from by hand, is no substituter.
      if (kinds.containsKey(Kind.QUERY) || kinds.containsKey(Kind.SUBSTITUTE)) {
        substituters.add(substituter(uri, kinds, answered));
      }
    });
    substituters.sort(
        Comparator.comparingLong((Substituter s) -> s.queries() + s.hits() + s.failed())
            .reversed());
    return new Caches(
        during.since().orElse(null), during.until().orElse(null), substituters, merged(rebuilds));
  }

  private static Substituter substituter(
      String uri, Map<Kind, Summary> kinds, Map<String, Long> answered) {
    Totals queries = totals(kinds, Kind.QUERY);
    Totals substitutions = totals(kinds, Kind.SUBSTITUTE);
    Totals downloads = totals(kinds, Kind.DOWNLOAD);
    Totals copies = totals(kinds, Kind.COPY);
    long found = answered.getOrDefault("found/" + uri, 0L);
    long missed = answered.getOrDefault("missed/" + uri, 0L);
    return new Substituter(
        uri,
        queries.count(),
        found,
        missed,
        queries.count() - found - missed,
        substitutions.succeeded(),
        substitutions.failed(),
        downloads.bytes(),
        copies.bytes(),
        downloads.bytes() > 0 ? downloads.bytesPerSecond() : copies.bytesPerSecond());
  }

  private static Totals totals(Map<Kind, Summary> kinds, Kind kind) {
    return kinds.getOrDefault(kind, new Summary()).totals(kind);
  }

  /// Which builds a substituter could have spared.
  ///
  /// @param builds last finished first
  /// @param servedBefore the first substitution of a store path that ended before a time
  public static Rebuilds rebuilds(
      Stream<Build> builds, BiFunction<String, Instant, Optional<Build>> servedBefore) {
    long looked = 0;
    long pathUnknown = 0;
    long count = 0;
    long ms = 0;
    List<Rebuild> latest = new ArrayList<>();
    for (Build build :
        (Iterable<Build>)
            builds.filter(b -> b.outcome() == Outcome.SUCCEEDED).limit(LOOKED)::iterator) {
      looked++;
      String path = build.storePath();
      if (path == null) {
        pathUnknown++;
        continue;
      }
      Optional<Build> served = servedBefore.apply(path, build.startedAt());
      if (served.isEmpty()) {
        continue;
      }
      count++;
      ms += Objects.requireNonNullElse(build.durationMs(), 0L);
      if (latest.size() < SHOWN) {
        latest.add(rebuild(build, path, served.get()));
      }
    }
    return new Rebuilds(looked, pathUnknown, count, ms, latest);
  }

  private static Rebuild rebuild(Build build, String path, Build served) {
    return new Rebuild(
        build.id(),
        build.name(),
        path,
        build.host(),
        end(build),
        Objects.requireNonNullElse(build.durationMs(), 0L),
        Objects.requireNonNullElse(served.uri(), ""),
        served.id(),
        served.host(),
        end(served));
  }

  private static Instant end(Build build) {
    return Objects.requireNonNullElse(build.finishedAt(), build.startedAt());
  }

  /// Adds up what parts say.
  public static Rebuilds merged(List<Rebuilds> parts) {
    return new Rebuilds(
        parts.stream().mapToLong(Rebuilds::looked).sum(),
        parts.stream().mapToLong(Rebuilds::pathUnknown).sum(),
        parts.stream().mapToLong(Rebuilds::count).sum(),
        parts.stream().mapToLong(Rebuilds::ms).sum(),
        parts.stream()
            .flatMap(part -> part.latest().stream())
            .sorted(Comparator.comparing(Rebuild::at).reversed())
            .limit(SHOWN)
            .toList());
  }
}
