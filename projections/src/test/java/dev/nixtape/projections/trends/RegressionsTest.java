package dev.nixtape.projections.trends;

import static dev.nixtape.projections.trends.Farm.CHANGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Json;
import dev.nixtape.projections.Regressions;
import dev.nixtape.projections.Regressions.Change;
import dev.nixtape.projections.Regressions.Row;
import dev.nixtape.projections.Regressions.Times;
import dev.nixtape.projections.Regressions.What;
import dev.nixtape.projections.trends.Farm.Recipe;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class RegressionsTest {
  private static final String SYSTEM = "x86_64-linux";

  /// Packages that nothing happens to.
  private static Farm calm(int partitions, int packages) {
    Farm farm = new Farm(partitions);
    for (int i = 0; i < packages; i++) {
      Recipe recipe = Recipe.of("calm%d-1.0".formatted(i));
      farm.twoWeeks(3, (_, n) -> recipe.on("builder-" + n % 3));
    }
    return farm;
  }

  private static What what(String name) {
    return new What(name, SYSTEM, null, null);
  }

  private static Row only(Regressions regressions) {
    assertEquals(1, regressions.rows().size(), regressions.rows().toString());
    return regressions.rows().getFirst();
  }

  private static void assertNear(long expected, long actual, long most) {
    assertTrue(Math.abs(actual - expected) <= most, actual + ", not about " + expected);
  }

  @Test
  void aPackageThatTakesAFifthLongerIsFoundAmongMany() {
    Farm farm = calm(1, 200);
    Recipe firefox = Recipe.of("firefox-130.0");
    farm.twoWeeks(20, (at, _) -> at.isBefore(CHANGE) ? firefox : firefox.slower(1.2));

    Row row = only(farm.regressions());

    assertEquals(what("firefox"), row.what());
    assertEquals(Change.SLOWER, row.change());
    assertEquals(140, row.samplesBefore());
    assertEquals(140, row.samples());
    assertTrue(row.p() < row.q() && row.q() <= 0.05, row.toString());
    Times times = Objects.requireNonNull(row.times());
    assertNear(80_000, times.beforeMs(), 3_000);
    assertNear(96_000, times.afterMs(), 3_000);
    assertTrue(times.shiftFromMs() < 16_000 && 16_000 < times.shiftToMs(), times.toString());
    assertNear(times.shiftMs() * 20, row.lostMsPerDay(), 20);
  }

  @Test
  void noiseOfTwoThousandPackagesIsNotTakenForAChange() {
    Regressions regressions = calm(1, 2_000).regressions();

    // Of each package 21 and 21 builds: whole, two phases, and each of these on three hosts.
    assertEquals(2_000 * 12, regressions.tests());
    assertTrue(regressions.rows().size() <= 1, regressions.rows().toString());
  }

  @Test
  void aPhaseOnAHostIsNamedNotThePhaseOrTheHost() {
    Farm farm = calm(1, 50);
    Recipe llvm = Recipe.of("llvm-19.1.0");
    farm.twoWeeks(
        60,
        (at, n) -> {
          Recipe recipe = llvm.on("builder-" + n % 6);
          return at.isBefore(CHANGE) || n % 6 != 4 ? recipe : recipe.linking(2);
        });

    List<Row> rows = farm.regressions().rows();

    List<Row> causes =
        rows.stream()
            .flatMap(r -> r.what().isWhole() ? r.within().stream() : rows.stream())
            .toList();
    assertEquals(
        List.of(new What("llvm", SYSTEM, "linkPhase", "builder-4")),
        causes.stream().map(Row::what).toList());
    assertNear(20_000, Objects.requireNonNull(causes.getFirst().times()).shiftMs(), 2_000);
  }

  @Test
  void aPhaseThatIsSlowEverywhereIsNamedWithoutHosts() {
    Farm farm = calm(1, 50);
    Recipe llvm = Recipe.of("llvm-19.1.0");
    farm.twoWeeks(
        60,
        (at, n) -> {
          Recipe recipe = llvm.on("builder-" + n % 6);
          return at.isBefore(CHANGE) ? recipe : recipe.linking(2);
        });

    Row row = only(farm.regressions());

    assertEquals(what("llvm"), row.what());
    assertEquals(
        List.of(new What("llvm", SYSTEM, "linkPhase", null)),
        row.within().stream().map(Row::what).toList());
  }

  @Test
  void whatBeganToFailIsFoundWithTheTimeThatItTakes() {
    Farm farm = calm(1, 50);
    Recipe qt = Recipe.of("qtwebengine-6.8.0");
    farm.twoWeeks(5, (at, n) -> at.isBefore(CHANGE) || n % 2 == 0 ? qt : qt.failing());

    Row row = only(farm.regressions());

    assertEquals(what("qtwebengine"), row.what());
    assertEquals(Change.FAILS, row.change());
    assertEquals(new Regressions.Failures(0, 18), row.failures());
    assertEquals(35, row.samples());
    assertNear(18 * 80_000 / 7, row.lostMsPerDay(), 10_000);
  }

  @Test
  void whatFailsNoLongerIsNoRegression() {
    Farm farm = new Farm(1);
    Recipe qt = Recipe.of("qtwebengine-6.8.0");
    farm.twoWeeks(5, (at, n) -> at.isBefore(CHANGE) && n % 2 == 0 ? qt.failing() : qt);

    assertEquals(List.of(), farm.regressions().rows());
  }

  @Test
  void whatGotFasterComesLast() {
    Farm farm = calm(1, 50);
    Recipe gcc = Recipe.of("gcc-14.2.0");
    Recipe ghc = Recipe.of("ghc-9.8.4");
    farm.twoWeeks(20, (at, _) -> at.isBefore(CHANGE) ? gcc : gcc.slower(0.5));
    farm.twoWeeks(20, (at, _) -> at.isBefore(CHANGE) ? ghc : ghc.slower(1.2));

    List<Row> rows = farm.regressions().rows();

    assertEquals(List.of(what("ghc"), what("gcc")), rows.stream().map(Row::what).toList());
    assertEquals(Change.FASTER, rows.getLast().change());
    assertTrue(rows.getLast().lostMsPerDay() < -20 * 35_000, rows.toString());
  }

  @Test
  void threeBuildsAWeekProveNothing() {
    Farm farm = new Farm(1);
    Recipe rare = Recipe.of("rare-1.0");
    for (int i = 0; i < 3; i++) {
      farm.add(CHANGE.minusSeconds(1000 + i), rare);
      farm.add(CHANGE.plusSeconds(1000 + i), rare.slower(10));
    }

    Regressions regressions = farm.regressions();

    assertEquals(0, regressions.tests());
    assertEquals(List.of(), regressions.rows());
  }

  @Test
  void onlyTheTwoPeriodsAreCompared() {
    Farm farm = new Farm(1);
    Recipe gcc = Recipe.of("gcc-14.2.0");
    farm.twoWeeks(5, (_, _) -> gcc);
    for (int i = 0; i < 50; i++) {
      farm.add(Farm.WEEK.before().since().minusSeconds(i + 1), gcc.slower(5));
      farm.add(Farm.WEEK.until().plusSeconds(i), gcc.slower(5));
    }

    assertEquals(List.of(), farm.regressions().rows());
    assertEquals(3, farm.regressions().tests());
  }

  @Test
  void whatIsNamedLikeAVersionOfAnotherThingIsNotComparedWithIt() {
    Farm farm = new Farm(1);
    Recipe linux = Recipe.of("linux-6.6.1");
    Recipe modules = Recipe.of("linux-6.6.1-modules").slower(0.1);
    farm.twoWeeks(20, (at, n) -> at.isBefore(CHANGE) == (n % 10 == 0) ? modules : linux);

    Regressions regressions = farm.regressions();

    assertEquals(6, regressions.tests());
    assertEquals(
        List.of(),
        regressions.rows().stream()
            .map(row -> Objects.requireNonNull(row.times()))
            .filter(times -> Math.abs(times.shiftMs()) > times.beforeMs() / 2)
            .toList());
  }

  @Test
  void allPartitionsTogetherSayWhatOneWouldSay() {
    List<Regressions> answers =
        List.of(1, 4).stream()
            .map(partitions -> {
              Farm farm = calm(partitions, 100);
              Recipe ghc = Recipe.of("ghc-9.8.4");
              farm.twoWeeks(20, (at, _) -> at.isBefore(CHANGE) ? ghc : ghc.slower(1.2));
              Recipe qt = Recipe.of("qtwebengine-6.8.0");
              farm.twoWeeks(5, (at, _) -> at.isBefore(CHANGE) ? qt : qt.failing());
              return farm.regressions();
            })
            .toList();

    assertEquals(2, answers.getFirst().rows().size());
    assertEquals(answers.getFirst(), answers.getLast());
  }

  @Test
  void anAnswerIsTheSameReadBack() {
    Farm farm = new Farm(1);
    Recipe ghc = Recipe.of("ghc-9.8.4");
    farm.twoWeeks(20, (at, _) -> at.isBefore(CHANGE) ? ghc : ghc.slower(1.2));
    Regressions regressions = farm.regressions();

    assertNotNull(only(regressions).times());
    assertEquals(regressions, Json.read(Json.write(regressions), Regressions.class));
  }
}
