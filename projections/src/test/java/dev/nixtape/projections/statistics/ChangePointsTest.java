package dev.nixtape.projections.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChangePointsTest {
  @ParameterizedTest
  @ValueSource(ints = {10, 20, 50, 100, 300, 1000})
  void noiseRarelyLooksLikeAChange(int n) {
    long alarms = seeds().filter(seed -> !in(seed, n, 0.3, _ -> 60).isEmpty()).count();
    assertTrue(alarms <= 10, alarms + " of 200 series");
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 100, 1000})
  void noiseInWholeSecondsRarelyLooksLikeAChange(int n) {
    long alarms =
        seeds()
            .filter(seed -> {
              double[] series = series(seed, n, 0.3, _ -> 3);
              return !ChangePoints.of(Arrays.stream(series).map(Math::rint).toArray()).isEmpty();
            })
            .count();
    assertTrue(alarms <= 10, alarms + " of 200 series");
  }

  @Test
  void aFifthMoreIsAlwaysSeen() {
    seeds()
        .forEach(seed -> {
          List<ChangePoint> changes = in(seed, 100, 0.05, i -> i < 50 ? 60 : 72);
          ChangePoint change =
              changes.stream()
                  .filter(c -> Math.abs(c.index() - 50) <= 2)
                  .findFirst()
                  .orElseThrow(() -> new AssertionError("seed " + seed + ": " + changes));
          assertEquals(60, change.before(), 3);
          assertEquals(72, change.after(), 3);
          assertTrue(change.p() < 1e-6);
        });
  }

  @ParameterizedTest
  @CsvSource({"100, 5", "1000, 8", "10000, 10"})
  void aFewValuesAtTheEndAreEnough(int before, int after) {
    List<ChangePoint> changes = in(1, before + after, 0.05, i -> i < before ? 60 : 120);
    assertEquals(List.of(before), changes.stream().map(ChangePoint::index).toList());
  }

  @Test
  void aReturnIsTwoChanges() {
    List<ChangePoint> changes = in(2, 300, 0.05, i -> i >= 100 && i < 200 ? 60 : 50);
    assertEquals(List.of(100, 200), changes.stream().map(ChangePoint::index).toList());
    assertEquals(changes.getFirst().after(), changes.getLast().before());
  }

  @Test
  void outliersHideNoChangeAndAreNone() {
    IntToDoubleFunction outliers = i -> i % 9 == 4 ? 100 : 1;
    assertEquals(List.of(), in(3, 200, 0.05, i -> 60 * outliers.applyAsDouble(i)));
    List<ChangePoint> changes =
        in(3, 200, 0.05, i -> (i < 100 ? 60 : 72) * outliers.applyAsDouble(i));
    assertEquals(1, changes.size());
    assertEquals(100, changes.getFirst().index(), 2);
  }

  @Test
  void mirroredSeriesChangeAtTheSamePlaces() {
    double[] series = series(4, 200, 0.05, i -> i < 70 ? 60 : 66);
    double[] mirrored = Arrays.stream(series).map(value -> -value).toArray();
    List<ChangePoint> changes = ChangePoints.of(series);
    List<ChangePoint> mirror = ChangePoints.of(mirrored);
    assertEquals(1, changes.size());
    assertEquals(changes.getFirst().index(), mirror.getFirst().index());
    assertEquals(changes.getFirst().p(), mirror.getFirst().p(), 1e-15);
    assertEquals(changes.getFirst().after(), -mirror.getFirst().after());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 9, 10, 1000})
  void aConstantNeverChanges(int n) {
    assertEquals(List.of(), ChangePoints.of(new double[n]));
  }

  @Test
  void aStepBetweenConstantsIsExact() {
    double[] series = new double[40];
    Arrays.fill(series, 13, 40, 1);
    List<ChangePoint> changes = ChangePoints.of(series);
    assertEquals(1, changes.size());
    assertEquals(13, changes.getFirst().index());
    assertEquals(0, changes.getFirst().before());
    assertEquals(1, changes.getFirst().after());
  }

  @Test
  void tenThousandValuesAreQuick() {
    List<ChangePoint> changes =
        assertTimeout(
            Duration.ofSeconds(5), () -> in(5, 10_000, 0.1, i -> 60 + 30 * (i / 500 % 2)));
    assertEquals(19, changes.size());
  }

  @Test
  void aValueWithoutAPlaceInTheOrderIsRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> ChangePoints.of(new double[] {1, Double.NaN}));
  }

  private static LongStream seeds() {
    return LongStream.rangeClosed(1, 200);
  }

  private static List<ChangePoint> in(long seed, int n, double spread, IntToDoubleFunction level) {
    return ChangePoints.of(series(seed, n, spread, level));
  }

  /// Log-normal about a level.
  private static double[] series(long seed, int n, double spread, IntToDoubleFunction level) {
    Random random = new Random(seed);
    return IntStream.range(0, n)
        .mapToDouble(i -> level.applyAsDouble(i) * Math.exp(spread * random.nextGaussian()))
        .toArray();
  }
}
