package dev.nixtape.projections.history;

import dev.nixtape.projections.Bucket;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.LogView;
import dev.nixtape.projections.Stats;
import dev.nixtape.projections.Stats.Row;
import dev.nixtape.projections.Stats.Test;
import dev.nixtape.projections.Stats.Totals;
import dev.nixtape.projections.StatsQuery;
import dev.nixtape.projections.statistics.Shift;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/// Adds up what all partitions answer.
public final class Totalling {
  private static final double[] NONE = {};

  private Totalling() {}

  private record Key(long bucket, String name, Kind kind) {}

  /// @param times behind the rows, when a test was asked for
  /// @param before the times of the period before, when there are no buckets
  public static Stats of(
      StatsQuery query,
      List<Past.Sum> parts,
      List<Past.Times> times,
      List<Past.Times> before,
      LogView log) {
    Map<Key, double[]> now = joined(times);
    Map<Key, double[]> then = joined(before);
    Map<Kind, Summary> kinds = new TreeMap<>();
    Map<Key, Summary> rows = new HashMap<>();
    for (Past.Sum part : parts) {
      Summary sum = part.summary();
      kinds.computeIfAbsent(part.kind(), _ -> new Summary()).add(sum);
      if (query.bucket().isPresent() || query.group() || query.test()) {
        rows.computeIfAbsent(new Key(part.bucket(), part.name(), part.kind()), _ -> new Summary())
            .add(sum);
      }
    }
    List<Totals> totals = new ArrayList<>();
    kinds.forEach((kind, sum) -> totals.add(sum.totals(kind)));
    return new Stats(
        query.during().since().orElse(null),
        query.during().until().orElse(null),
        query.during().zone().getId(),
        totals,
        rows.entrySet().stream()
            .map(row -> row(query, row.getKey(), row.getValue(), now, then))
            .sorted(order(query.sort()))
            .limit(query.limit())
            .toList(),
        log);
  }

  private static Map<Key, double[]> joined(List<Past.Times> times) {
    Map<Key, double[]> joined = new HashMap<>();
    for (Past.Times part : times) {
      joined.merge(
          new Key(part.bucket(), part.name(), part.kind()),
          part.ms(),
          (one, other) -> DoubleStream.concat(Arrays.stream(one), Arrays.stream(other)).toArray());
    }
    return joined;
  }

  private static Row row(
      StatsQuery query, Key key, Summary sum, Map<Key, double[]> now, Map<Key, double[]> then) {
    Test test = null;
    if (query.test() && StatsQuery.isNamed(key.kind)) {
      double[] before =
          query.bucket().isPresent()
              ? now.get(before(key, query.bucket().get(), query.during().zone()))
              : then.get(key);
      test = test(Objects.requireNonNullElse(before, NONE), now.getOrDefault(key, NONE));
    }
    Instant begin = Instant.ofEpochMilli(key.bucket);
    Instant from = query.bucket().map(_ -> begin).orElse(null);
    Instant to =
        query.bucket().map(bucket -> bucket.next(begin, query.during().zone())).orElse(null);
    return new Row(from, to, query.group() ? key.name : null, sum.totals(key.kind), test);
  }

  private static Key before(Key key, Bucket bucket, ZoneId zone) {
    Instant last = Instant.ofEpochMilli(key.bucket - 1);
    return new Key(bucket.begin(last, zone).toEpochMilli(), key.name, key.kind);
  }

  private static Test test(double[] before, double[] now) {
    return switch (Shift.between(before, now)) {
      case Shift.TooFew few -> new Test(few.before(), few.after(), null, null, null, null);
      case Shift.Tested tested ->
          new Test(
              tested.before(),
              tested.after(),
              tested.p(),
              tested.difference(),
              tested.interval().low(),
              tested.interval().high());
    };
  }

  /// By time first; within a period, or without any, by what was asked for.
  private static Comparator<Row> order(StatsQuery.Sort sort) {
    Comparator<Row> figure =
        switch (sort) {
          case TOTAL -> greatest(Totals::durationMs);
          case COUNT -> greatest(Totals::count);
          case MEAN -> greatest(Totals::meanMs);
          case P95 -> greatest(Totals::p95Ms);
          case MAX -> greatest(Totals::maxMs);
          case LAST -> greatest(totals -> totals.lastAt().toEpochMilli());
          case NAME -> Comparator.comparing(Totalling::name);
        };
    return Comparator.comparing((Row row) -> Objects.requireNonNullElse(row.from(), Instant.MIN))
        .thenComparing(figure)
        .thenComparing(Totalling::name)
        .thenComparing(row -> row.totals().kind());
  }

  private static String name(Row row) {
    return Objects.requireNonNullElse(row.name(), "");
  }

  private interface Figure {
    @Nullable Long of(Totals totals);
  }

  private static Comparator<Row> greatest(Figure figure) {
    return Comparator.comparing(
        row -> Objects.requireNonNullElse(figure.of(row.totals()), -1L), Comparator.reverseOrder());
  }
}
