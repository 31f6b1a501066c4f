package dev.nixtape.projections.trends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Trend;
import dev.nixtape.projections.Trend.Change;
import dev.nixtape.projections.Trend.Count;
import dev.nixtape.projections.Trend.Point;
import dev.nixtape.projections.TrendQuery;
import dev.nixtape.projections.trends.Farm.Recipe;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrendTest {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

  private static TrendQuery query(String name, String... parameters) {
    return TrendQuery.of(
        name, parameters.length == 0 ? Map.of() : Map.of(parameters[0], parameters[1]), NOW);
  }

  private static Farm firefox() {
    Farm farm = new Farm(2);
    Recipe old = Recipe.of("firefox-130.0");
    Recipe fresh = Recipe.of("firefox-131.0").slower(1.3);
    farm.twoWeeks(
        4, (at, n) -> at.isBefore(Farm.CHANGE) ? old : n % 20 == 0 ? fresh.failing() : fresh);
    farm.twoWeeks(1, (_, _) -> Recipe.of("firefox-131.0-debug"));
    return farm;
  }

  @Test
  void aChangeIsFoundWithTheVersionThatBroughtIt() {
    Trend trend = firefox().trend(query("firefox"));

    assertEquals(56, trend.points().size());
    assertEquals(
        trend.points().stream().sorted(Comparator.comparing(Point::at)).toList(), trend.points());
    assertEquals(1, trend.points().stream().filter(p -> p.outcome() == Outcome.FAILED).count());
    assertEquals(1, trend.changes().size());
    Change change = trend.changes().getFirst();
    assertEquals("firefox-131.0", change.name());
    assertTrue(Math.abs(change.beforeMs() - 80_000) < 5_000, change.toString());
    assertTrue(Math.abs(change.afterMs() - 104_000) < 6_000, change.toString());
  }

  @Test
  void aNameWithVersionIsOfThatVersionAlone() {
    Trend trend = firefox().trend(query("firefox-130.0"));

    assertEquals(28, trend.points().size());
    assertEquals(List.of(), trend.changes());
    assertEquals("130.0", trend.points().getFirst().version());
  }

  @Test
  void whatFollowsTheVersionIsPartOfTheName() {
    assertEquals(14, firefox().trend(query("firefox-debug")).points().size());
  }

  @Test
  void theSystemThatIsBuiltForMostOftenIsShownUnlessOneIsAskedFor() {
    List<Point> points =
        List.of("a", "b", "b").stream()
            .map(system -> new Point(NOW, "x-1", "1", system, "h", 1, Outcome.SUCCEEDED, 0))
            .toList();

    Trend trend = Trending.of(query("x"), points, null);

    assertEquals(List.of(new Count("b", 2), new Count("a", 1)), trend.systems());
    assertEquals("b", trend.system());
    assertEquals(2, trend.points().size());
    assertEquals(1, Trending.of(query("x", "system", "a"), points, null).points().size());
  }

  @Test
  void withoutAPeriodItIsTheLastNinetyDays() {
    assertEquals(Instant.parse("2026-08-23T00:00:00Z"), query("x").span().since());
    assertEquals(NOW, query("x").span().until());
    assertEquals(Instant.parse("2026-08-22T22:00:00Z"), query("x", "tz", "+02:00").span().since());
  }
}
