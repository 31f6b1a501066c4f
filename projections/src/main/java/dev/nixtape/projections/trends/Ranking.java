package dev.nixtape.projections.trends;

import dev.nixtape.projections.Regressions;
import dev.nixtape.projections.Regressions.Change;
import dev.nixtape.projections.Regressions.Row;
import dev.nixtape.projections.TimeSpan;
import dev.nixtape.projections.statistics.BenjaminiHochberg;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// What of the tests of all partitions is not chance, and what of that a person needs to see.
public final class Ranking {
  /// A phase on a host that carries so much of what the phase, or the host, loses explains it.
  private static final double EXPLAINS = 2 / 3.0;

  /// What carries less of what the package loses is left out.
  private static final double WORTH_SHOWING = 1 / 3.0;

  private static final Comparator<Row> MOST =
      Comparator.comparingLong((Row row) -> Math.abs(row.lostMsPerDay()))
          .reversed()
          .thenComparing(row -> row.what().toString());

  private record Finding(String name, String system, Change change) {
    static Finding of(Row row) {
      return new Finding(row.what().name(), row.what().system(), row.change());
    }
  }

  private Ranking() {}

  public static Regressions of(TimeSpan span, List<Tests> parts) {
    Tests all = Tests.of(parts);
    double[] q =
        BenjaminiHochberg.adjust(all.rows().stream().mapToDouble(Row::p).toArray(), all.made());
    Map<Finding, List<Row>> findings = new LinkedHashMap<>();
    for (int i = 0; i < q.length; i++) {
      if (q[i] <= Regressions.SIGNIFICANT) {
        Row row = all.rows().get(i).withQ(q[i]);
        findings.computeIfAbsent(Finding.of(row), _ -> new ArrayList<>()).add(row);
      }
    }
    return new Regressions(
        span.before().since(),
        span.since(),
        span.until(),
        all.made(),
        findings.values().stream()
            .flatMap(Ranking::explained)
            .sorted(
                Comparator.comparingLong(Ranking::lost)
                    .reversed()
                    .thenComparing(row -> row.what().toString()))
            .toList());
  }

  /// A slow host among many hardly moves the median of all.
  private static long lost(Row row) {
    return Stream.concat(Stream.of(row), row.within().stream())
        .min(MOST)
        .orElseThrow()
        .lostMsPerDay();
  }

  /// The package's row with those below it that explain it; these alone when the package as a whole
  /// shows nothing.
  private static Stream<Row> explained(Collection<Row> rows) {
    Optional<Row> whole = rows.stream().filter(row -> row.what().isWhole()).findAny();
    List<Row> explaining = explaining(rows.stream().filter(row -> !row.what().isWhole()).toList());
    double most = rows.stream().mapToLong(row -> Math.abs(row.lostMsPerDay())).max().orElse(0);
    List<Row> shown =
        explaining.stream()
            .filter(row -> Math.abs(row.lostMsPerDay()) >= WORTH_SHOWING * most)
            .sorted(MOST)
            .toList();
    return whole.map(row -> Stream.of(row.with(shown))).orElseGet(shown::stream);
  }

  /// None of which covers another: the narrowest that carry what the wider ones lose.
  private static List<Row> explaining(List<Row> rows) {
    List<Row> unexplained = rows.stream().filter(row -> !isExplained(row, rows)).toList();
    return unexplained.stream()
        .filter(row -> unexplained.stream().noneMatch(wider -> wider.what().covers(row.what())))
        .toList();
  }

  private static boolean isExplained(Row row, List<Row> rows) {
    return rows.stream()
        .anyMatch(part ->
            row.what().covers(part.what())
                && Math.abs(part.lostMsPerDay()) >= EXPLAINS * Math.abs(row.lostMsPerDay()));
  }
}
