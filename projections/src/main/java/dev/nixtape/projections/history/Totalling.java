package dev.nixtape.projections.history;

import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.LogView;
import dev.nixtape.projections.Stats;
import dev.nixtape.projections.Stats.Row;
import dev.nixtape.projections.Stats.Totals;
import dev.nixtape.projections.StatsQuery;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Adds up what all partitions answer.
public final class Totalling {
  private Totalling() {}

  private record Key(long bucket, String name, Kind kind) {}

  public static Stats of(StatsQuery query, List<Past.Sum> parts, LogView log) {
    Map<Kind, Summary> kinds = new TreeMap<>();
    Map<Key, Summary> rows = new HashMap<>();
    for (Past.Sum part : parts) {
      Summary sum = part.summary();
      kinds.computeIfAbsent(part.kind(), _ -> new Summary()).add(sum);
      if (query.bucket().isPresent() || query.group()) {
        rows.computeIfAbsent(new Key(part.bucket(), part.name(), part.kind()), _ -> new Summary())
            .add(sum);
      }
    }
    List<Totals> totals = new ArrayList<>();
    kinds.forEach((kind, sum) -> totals.add(sum.totals(kind)));
    return new Stats(
        query.since().orElse(null),
        query.until().orElse(null),
        query.zone().getId(),
        totals,
        rows.entrySet().stream()
            .map(row -> row(query, row.getKey(), row.getValue()))
            .sorted(order(query.sort()))
            .limit(query.limit())
            .toList(),
        log);
  }

  private static Row row(StatsQuery query, Key key, Summary sum) {
    Instant from = query.bucket().isEmpty() ? null : Instant.ofEpochMilli(key.bucket);
    Instant to =
        query.bucket().isEmpty()
            ? null
            : query.bucket().get().next(Instant.ofEpochMilli(key.bucket), query.zone());
    return new Row(from, to, query.group() ? key.name : null, sum.totals(key.kind), null);
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
