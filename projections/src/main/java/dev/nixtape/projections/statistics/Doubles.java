package dev.nixtape.projections.statistics;

import java.util.Arrays;

/// Values that are gathered: grows as it is added to.
public final class Doubles {
  private double[] values = new double[16];
  private int size;

  public void add(double value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
    }
    values[size++] = value;
  }

  public int size() {
    return size;
  }

  public double[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
