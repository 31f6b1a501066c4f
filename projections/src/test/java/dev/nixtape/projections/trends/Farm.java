package dev.nixtape.projections.trends;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.LogRange;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.PhaseTime;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.MapKeyValues;
import dev.nixtape.projections.PackageName;
import dev.nixtape.projections.Regressions;
import dev.nixtape.projections.TimeSpan;
import dev.nixtape.projections.Trend;
import dev.nixtape.projections.TrendQuery;
import dev.nixtape.projections.history.History;
import dev.nixtape.projections.history.Past;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/// Builds that were never run: skewed times, on some hosts, in partitions.
final class Farm {
  static final Instant CHANGE = Instant.parse("2026-11-08T00:00:00Z");
  static final TimeSpan WEEK = new TimeSpan(CHANGE, CHANGE.plus(Duration.ofDays(7)));

  private final List<MapKeyValues> stores;
  private final List<History> histories;
  private final Random random = new Random(1);
  private int number;

  Farm(int partitions) {
    stores = IntStream.range(0, partitions).mapToObj(_ -> new MapKeyValues()).toList();
    histories = stores.stream().map(History::new).toList();
  }

  /// What a build is made of.
  record Recipe(String name, String host, double buildMs, double linkMs, Outcome outcome) {
    static Recipe of(String name) {
      return new Recipe(name, "builder-1", 60_000, 20_000, Outcome.SUCCEEDED);
    }

    Recipe on(String host) {
      return new Recipe(name, host, buildMs, linkMs, outcome);
    }

    Recipe slower(double times) {
      return new Recipe(name, host, buildMs * times, linkMs * times, outcome);
    }

    Recipe linking(double times) {
      return new Recipe(name, host, buildMs, linkMs * times, outcome);
    }

    Recipe failing() {
      return new Recipe(name, host, buildMs, linkMs, Outcome.FAILED);
    }
  }

  interface Recipes {
    Recipe at(Instant at, int number);
  }

  /// So many builds a day, a week long before the change and a week after it.
  void twoWeeks(int aDay, Recipes recipes) {
    for (int i = 0; i < 14 * aDay; i++) {
      Instant at =
          WEEK.before()
              .since()
              .plusMillis((long) (Duration.ofDays(14).toMillis() * (i + 0.5) / (14 * aDay)));
      add(at, recipes.at(at, i));
    }
  }

  void add(Instant at, Recipe recipe) {
    long build = skewed(recipe.buildMs);
    long link = skewed(recipe.linkMs);
    Build fact =
        new Build(
            "%016x".formatted(number),
            "1",
            Kind.BUILD,
            null,
            null,
            recipe.name,
            null,
            null,
            "x86_64-linux",
            recipe.host,
            "local",
            null,
            null,
            "s",
            null,
            null,
            at.minusMillis(build + link),
            at,
            build + link,
            "linkPhase",
            List.of(new PhaseTime("buildPhase", build), new PhaseTime("linkPhase", link)),
            null,
            100,
            null,
            recipe.outcome,
            null,
            null,
            List.of(),
            List.of(),
            new LogRange(0, number, number),
            null,
            null,
            null);
    number++;
    histories
        .get(Math.floorMod(PackageName.of(recipe.name).hashCode(), histories.size()))
        .add(fact, BuildJson.write(fact));
  }

  private long skewed(double ms) {
    return Math.round(ms * Math.exp(0.15 * random.nextGaussian()));
  }

  private List<Past> pasts() {
    return IntStream.range(0, stores.size())
        .mapToObj(i -> histories.get(i).past(stores.get(i)))
        .toList();
  }

  Regressions regressions() {
    return Ranking.of(WEEK, pasts().stream().map(past -> Comparing.of(past, WEEK)).toList());
  }

  Trend trend(TrendQuery query) {
    return Trending.of(
        query,
        pasts().stream().flatMap(past -> Trending.points(past, query).stream()).toList(),
        null);
  }
}
