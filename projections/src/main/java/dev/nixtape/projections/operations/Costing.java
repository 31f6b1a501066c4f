package dev.nixtape.projections.operations;

import dev.nixtape.projections.Bucket;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Costs;
import dev.nixtape.projections.Costs.By;
import dev.nixtape.projections.Costs.Measure;
import dev.nixtape.projections.Costs.Row;
import dev.nixtape.projections.During;
import dev.nixtape.projections.Stats.Totals;
import dev.nixtape.projections.StatsQuery;
import dev.nixtape.projections.history.Past.Sum;
import dev.nixtape.projections.history.Summary;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Shares out what builds cost.
public final class Costing {
  private static final int TENTHS = 1000;

  private Costing() {}

  /// What to ask for the sums of packages or days.
  public static StatsQuery query(During during, By by) {
    return new StatsQuery(
        during,
        by == By.DAY ? Optional.of(Bucket.DAY) : Optional.empty(),
        Optional.empty(),
        Optional.of(Kind.BUILD),
        by == By.PNAME,
        false,
        StatsQuery.Sort.TOTAL,
        Long.MAX_VALUE);
  }

  /// @param sums of builds, from all parts
  public static Costs of(During during, By by, List<Sum> sums) {
    Map<String, Summary> shares = new TreeMap<>();
    Summary all = new Summary();
    for (Sum sum : sums) {
      shares.computeIfAbsent(key(during, by, sum), _ -> new Summary()).add(sum.summary());
      all.add(sum.summary());
    }
    List<Row> rows = new ArrayList<>();
    shares.forEach((key, sum) -> rows.add(row(key.isEmpty() ? null : key, sum, 0)));
    if (by != By.DAY) {
      rows.sort(Comparator.comparingLong(Row::ms).reversed());
    }
    return new Costs(
        during.since().orElse(null),
        during.until().orElse(null),
        during.zone().getId(),
        by,
        measure(all.totals(Kind.BUILD)),
        row(null, all, sums.isEmpty() ? 0 : TENTHS),
        withPercents(rows));
  }

  private static String key(During during, By by, Sum sum) {
    return by == By.DAY
        ? Instant.ofEpochMilli(sum.bucket()).atZone(during.zone()).toLocalDate().toString()
        : sum.name();
  }

  private static Measure measure(Totals all) {
    if (all.measured() == 0) {
      return Measure.WALL;
    }
    return all.measured() == all.count() ? Measure.CPU : Measure.MIXED;
  }

  private static Row row(@Nullable String key, Summary sum, long tenths) {
    Totals totals = sum.totals(Kind.BUILD);
    return new Row(
        key,
        totals.count(),
        totals.failed(),
        totals.measured(),
        totals.cpuMs() + sum.unmeasuredMs(),
        totals.cpuMs(),
        sum.failedMs(),
        tenths / 10.0);
  }

  /// The tenths that rounding down leaves over go to the greatest remainders (Hamilton), so that
  /// shares sum up to the whole.
  private static List<Row> withPercents(List<Row> rows) {
    long whole = rows.stream().mapToLong(Row::ms).sum();
    if (whole == 0) {
      return rows;
    }
    long[] tenths = new long[rows.size()];
    long left = TENTHS;
    List<Integer> byRemainder = new ArrayList<>();
    for (int i = 0; i < tenths.length; i++) {
      tenths[i] = rows.get(i).ms() * TENTHS / whole;
      left -= tenths[i];
      byRemainder.add(i);
    }
    byRemainder.sort(
        Comparator.comparingLong((Integer i) -> rows.get(i).ms() * TENTHS % whole).reversed());
    for (int i = 0; i < left; i++) {
      tenths[byRemainder.get(i)]++;
    }
    List<Row> shared = new ArrayList<>();
    for (int i = 0; i < tenths.length; i++) {
      shared.add(rows.get(i).withPercent(tenths[i] / 10.0));
    }
    return shared;
  }
}
