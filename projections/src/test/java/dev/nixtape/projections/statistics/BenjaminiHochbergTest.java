package dev.nixtape.projections.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BenjaminiHochbergTest {
  @Test
  void adjustedValuesKeepTheirPlaces() {
    assertArrayEquals(
        new double[] {0.03, 0.048, 0.048, 0.03, 0.5, 0.048},
        BenjaminiHochberg.adjust(new double[] {0.01, 0.04, 0.03, 0.005, 0.5, 0.04}),
        1e-15);
  }

  @Test
  void oneTestNeedsNoAdjustment() {
    assertArrayEquals(new double[] {0.04}, BenjaminiHochberg.adjust(new double[] {0.04}));
    assertEquals(0, BenjaminiHochberg.adjust(new double[0]).length);
  }

  @Test
  void noValueFallsOrOvertakesAnother() {
    double[] p = new Random(7).doubles(1000).toArray();
    double[] adjusted = BenjaminiHochberg.adjust(p);
    for (int i = 0; i < p.length; i++) {
      assertTrue(adjusted[i] >= p[i] && adjusted[i] <= 1);
    }
    Arrays.sort(p);
    double[] ascending = BenjaminiHochberg.adjust(p);
    Arrays.sort(adjusted);
    assertArrayEquals(adjusted, ascending);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
  void whatIsNoProbabilityIsRefused(double p) {
    assertThrows(
        IllegalArgumentException.class, () -> BenjaminiHochberg.adjust(new double[] {0.5, p}));
  }

  @Test
  void theSmallOnesAloneAreAdjustedAsAmongAll() {
    Random random = new Random(5);
    double[] all =
        DoubleStream.generate(() -> Math.pow(random.nextDouble(), 3)).limit(500).toArray();
    double[] adjusted = BenjaminiHochberg.adjust(all);
    double[] small = Arrays.stream(all).filter(p -> p <= 0.05).toArray();

    double[] alone = BenjaminiHochberg.adjust(small, all.length);

    int next = 0;
    for (int i = 0; i < all.length; i++) {
      if (all[i] <= 0.05) {
        double expected = adjusted[i];
        double actual = alone[next++];
        assertEquals(expected <= 0.05, actual <= 0.05);
        assertTrue(expected > 0.05 || expected == actual, expected + ", not " + actual);
      }
    }
    assertTrue(Arrays.stream(adjusted).filter(q -> q <= 0.05).count() > 10);
  }
}
