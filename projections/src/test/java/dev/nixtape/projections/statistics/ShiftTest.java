package dev.nixtape.projections.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.statistics.Shift.Tested;
import dev.nixtape.projections.statistics.Shift.TooFew;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShiftTest {
  @Test
  void samplesThatDoNotOverlapAreTheLeastLikelyOfAllDraws() {
    Tested shift = tested(new double[] {1, 2, 3, 4}, new double[] {11, 12, 13, 14.5});
    assertEquals(2.0 / 70, shift.p(), 1e-15);
    assertEquals(10, shift.difference());
    assertEquals(new Interval(7, 13.5), shift.interval());
    assertTrue(shift.significant());
  }

  /// R 4.2.2, `wilcox.test(y, x, conf.int = TRUE)`.
  @Test
  void tiesAreCorrectedForAsInR() {
    Tested shift = tested(new double[] {1, 2, 2, 3, 3, 3, 4}, new double[] {3, 3, 4, 4, 5, 6, 6});
    assertEquals(0.017854292789382966, shift.p(), 1e-12);
    assertEquals(2, shift.difference());
    assertEquals(new Interval(0, 3), shift.interval());
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0, 100", "1, 1", "1, 38", "2, 7", "3, 4"})
  void whatNoOrderCouldProveIsNotTested(int n, int m) {
    assertEquals(new TooFew(n, m), Shift.between(noise(n, 1), noise(m, 2)));
    assertEquals(new TooFew(m, n), Shift.between(noise(m, 1), noise(n, 2)));
  }

  @ParameterizedTest
  @CsvSource({"1, 39", "2, 8", "3, 5", "4, 4"})
  void theSmallestSamplesThatCanProveSomethingDo(int n, int m) {
    double[] before = noise(n, 1);
    double[] after = Arrays.stream(noise(m, 2)).map(value -> value + 1_000_000).toArray();
    assertTrue(tested(before, after).significant());
    assertTrue(tested(after, before).significant());
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 49, 50, 300})
  void swappedSamplesShiftTheOtherWay(int n) {
    for (long seed = 0; seed < 20; seed++) {
      double[] a = noise(n, seed);
      double[] b = noise(n + 7, seed + 1000);
      for (double grain : new double[] {0, 25}) {
        Tested there = tested(rounded(a, grain), rounded(b, grain));
        Tested back = tested(rounded(b, grain), rounded(a, grain));
        assertEquals(there.p(), back.p(), 1e-12);
        assertEquals(there.difference(), -back.difference(), 1e-12);
        assertEquals(there.interval().low(), -back.interval().high(), 0.0);
        assertEquals(there.interval().high(), -back.interval().low(), 0.0);
      }
    }
  }

  @Test
  void theDifferenceIsTheMedianOfAllDifferences() {
    for (int seed = 0; seed < 50; seed++) {
      double[] before = noise(5 + seed, seed);
      double[] after = noise(60 - seed, seed + 1000);
      double[] all =
          Arrays.stream(after)
              .flatMap(a -> Arrays.stream(before).map(b -> a - b))
              .sorted()
              .toArray();
      Differences differences = new Differences(before, after);
      assertEquals(all.length, differences.count());
      IntStream.range(0, all.length).forEach(i -> assertEquals(all[i], differences.at(i + 1)));
      assertEquals(Quantiles.of(all).median(), tested(before, after).difference(), 1e-9);
    }
  }

  @Test
  void equalValuesAreNoEvidence() {
    double[] constant = new double[20];
    Arrays.fill(constant, 7.5);
    assertEquals(new Tested(20, 20, 1, 0, new Interval(0, 0)), Shift.between(constant, constant));
  }

  @Test
  void twoConstantsDifferByTheirDifference() {
    double[] before = new double[60];
    double[] after = new double[60];
    Arrays.fill(after, 3);
    Tested shift = tested(before, after);
    assertTrue(shift.p() < 1e-20);
    assertEquals(3, shift.difference());
    assertEquals(new Interval(3, 3), shift.interval());
  }

  @Test
  void hundredMillionDifferencesAreNeverMade() {
    double[] before = noise(10_000, 1);
    double[] after = Arrays.stream(noise(10_000, 2)).map(value -> value * 1.01).toArray();
    assertTrue(assertTimeout(Duration.ofSeconds(5), () -> tested(before, after)).significant());
  }

  @Test
  void aValueWithoutAPlaceInTheOrderIsRefused() {
    double[] values = noise(10, 1);
    values[3] = Double.NaN;
    assertThrows(IllegalArgumentException.class, () -> Shift.between(values, noise(10, 2)));
    values[3] = Double.POSITIVE_INFINITY;
    assertThrows(IllegalArgumentException.class, () -> Shift.between(noise(10, 2), values));
  }

  private static Tested tested(double[] before, double[] after) {
    return assertInstanceOf(Tested.class, Shift.between(before, after));
  }

  private static double[] noise(int n, long seed) {
    Random random = new Random(seed);
    return IntStream.range(0, n).mapToDouble(_ -> 1000 + 50 * random.nextGaussian()).toArray();
  }

  private static double[] rounded(double[] values, double grain) {
    return grain == 0
        ? values
        : Arrays.stream(values).map(value -> Math.rint(value / grain) * grain).toArray();
  }
}
