package dev.nixtape.projections.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class QuantilesTest {
  /// R 4.2.2, `quantile`.
  @Test
  void aQuantileLiesLinearlyBetweenTwoValues() {
    Quantiles quantiles = Quantiles.of(new long[] {3, 1, 4, 1, 5, 9, 2, 6});
    assertEquals(1, quantiles.at(0));
    assertEquals(1.75, quantiles.at(0.25), 1e-15);
    assertEquals(3.5, quantiles.median());
    assertEquals(6.9, quantiles.at(0.9), 1e-15);
    assertEquals(9, quantiles.at(1));
  }

  @Test
  void oneValueIsEveryQuantile() {
    Quantiles quantiles = Quantiles.of(new double[] {7.5});
    assertEquals(7.5, quantiles.at(0));
    assertEquals(7.5, quantiles.median());
    assertEquals(7.5, quantiles.at(0.99));
  }

  @Test
  void fiveValuesDoNotSayWhereTheMedianIs() {
    assertEquals(Optional.empty(), Quantiles.of(new double[] {1, 2, 3, 4, 5}).medianInterval());
    assertEquals(
        Optional.of(new Interval(1, 6)),
        Quantiles.of(new double[] {6, 2, 3, 1, 5, 4}).medianInterval());
  }

  /// The usual tables of the sign test: 40 and 61 for 100 values.
  @Test
  void theMediansIntervalNarrowsWithTheSample() {
    assertEquals(
        Optional.of(new Interval(40, 61)),
        Quantiles.of(LongStream.rangeClosed(1, 100).toArray()).medianInterval());
  }

  @Test
  void theMediansIntervalHoldsItAsOftenAsItSays() {
    Random random = new Random(3);
    int held = 0;
    for (int i = 0; i < 2000; i++) {
      double[] sample = random.doubles(15).map(u -> Math.pow(u, 4)).toArray();
      Interval interval = Quantiles.of(sample).medianInterval().orElseThrow();
      double median = Math.pow(0.5, 4);
      held += interval.low() <= median && median <= interval.high() ? 1 : 0;
    }
    assertTrue(held > 0.95 * 2000, "held by " + held + " of 2000");
  }

  @Test
  void nothingHasNoQuantile() {
    assertThrows(IllegalArgumentException.class, () -> Quantiles.of(new double[0]));
    assertThrows(IllegalArgumentException.class, () -> Quantiles.of(new double[] {Double.NaN}));
    assertThrows(IllegalArgumentException.class, () -> Quantiles.of(new long[] {1}).at(1.5));
  }
}
