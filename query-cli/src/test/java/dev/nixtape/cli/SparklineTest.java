package dev.nixtape.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SparklineTest {
  @Test
  void theLeastIsLowAndTheGreatestHigh() {
    assertEquals("▁▂▃▄▅▆▇█", Sparkline.of(new double[] {0, 1, 2, 3, 4, 5, 6, 7}, 10));
    assertEquals("█▁▅", Sparkline.of(new double[] {7000, 1000, 4200}, 3));
  }

  @Test
  void aConstantLiesInTheMiddle() {
    assertEquals("▄▄▄", Sparkline.of(new double[] {5, 5, 5}, 8));
  }

  @Test
  void manyValuesShareAColumnByTheirMedian() {
    double[] values = IntStream.range(0, 1000).mapToDouble(i -> i < 500 ? 1 : 2).toArray();
    values[3] = 1_000_000;
    assertEquals("▁▁▁▁▁█████", Sparkline.of(values, 10));
  }

  @Test
  void nothingIsAnEmptyLine() {
    assertEquals("", Sparkline.of(new double[0], 10));
  }
}
