package dev.nixtape.projections.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.statistics.Shift.Tested;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// The same samples in R: `-Dnixtape.r=Rscript` where Debian's `r-base-core` is installed.
@EnabledIfSystemProperty(named = "nixtape.r", matches = ".+")
@SuppressWarnings("ArrayRecordComponent") // nobody compares these records
class AgainstRTest {
  private static final double[] PROBABILITIES = {0, 0.1, 0.25, 0.5, 0.9, 0.99, 1};

  private static final int[][] SIZES = {
    {4, 4},
    {3, 5},
    {8, 2},
    {1, 39},
    {7, 12},
    {20, 30},
    {49, 49},
    {50, 49},
    {50, 50},
    {300, 200},
    {1000, 800}
  };

  /// Milliseconds; R stops solving an equation when it is nearer than its `tol.root`, 10⁻⁶ here.
  private static final double SOLVED = 2e-6;

  private record Case(String name, double[] before, double[] after) {
    Tested shift() {
      return (Tested) Shift.between(before, after);
    }

    boolean exact() {
      long distinct =
          Arrays.stream(before).distinct().count() + Arrays.stream(after).distinct().count();
      return Math.max(before.length, after.length) < 50
          && distinct == before.length + after.length
          && Arrays.stream(before).noneMatch(b -> Arrays.stream(after).anyMatch(a -> a == b));
    }
  }

  private record Answer(
      double p,
      double difference,
      double low,
      double high,
      double[] quantiles,
      double medianLow,
      double medianHigh,
      double adjusted) {
    static Answer of(String line) {
      double[] values =
          Arrays.stream(line.split("\t", -1))
              .skip(1)
              .mapToDouble(value -> value.equals("NA") ? Double.NaN : Double.parseDouble(value))
              .toArray();
      int rest = 4 + PROBABILITIES.length;
      return new Answer(
          values[0],
          values[1],
          values[2],
          values[3],
          Arrays.copyOfRange(values, 4, rest),
          values[rest],
          values[rest + 1],
          values[rest + 2]);
    }
  }

  private static final List<Case> SAMPLES = samples();
  private static List<Answer> answers = List.of();

  @BeforeAll
  static void askR(@TempDir Path directory) throws IOException, InterruptedException {
    Path script = directory.resolve("answers.R");
    try (InputStream resource = AgainstRTest.class.getResourceAsStream("answers.R")) {
      Files.write(script, resource.readAllBytes());
    }
    Path samples = directory.resolve("samples.tsv");
    Path written = directory.resolve("answers.tsv");
    Files.write(samples, SAMPLES.stream().map(AgainstRTest::line).toList());
    Process r =
        new ProcessBuilder(
                System.getProperty("nixtape.r"),
                script.toString(),
                samples.toString(),
                written.toString())
            .inheritIO()
            .start();
    assertEquals(0, r.waitFor(), "R failed");
    answers = Files.readAllLines(written).stream().map(Answer::of).toList();
    assertEquals(SAMPLES.size(), answers.size());
  }

  @Test
  void pValuesAgree() {
    each((sample, r) -> assertEquals(r.p, sample.shift().p(), 1e-12 * r.p, sample.name));
  }

  @Test
  void differencesAgree() {
    each((sample, r) -> {
      if (sample.exact()) {
        assertEquals(
            r.difference, sample.shift().difference(), 1e-12 * Math.abs(r.difference), sample.name);
      } else {
        // R stops anywhere between the two differences in the middle
        Differences all = new Differences(sample.before, sample.after);
        assertTrue(
            all.at((all.count() + 1) / 2) - SOLVED <= r.difference
                && r.difference <= all.at(all.count() / 2 + 1) + SOLVED,
            sample.name);
      }
    });
  }

  @Test
  void intervalsAgree() {
    each((sample, r) -> {
      Interval interval = sample.shift().interval();
      double tolerance = sample.exact() ? 0 : SOLVED;
      assertEquals(r.low, interval.low(), tolerance, sample.name);
      assertEquals(r.high, interval.high(), tolerance, sample.name);
    });
  }

  @Test
  void quantilesAgree() {
    each((sample, r) -> {
      Quantiles quantiles = Quantiles.of(sample.after);
      for (int i = 0; i < PROBABILITIES.length; i++) {
        assertEquals(
            r.quantiles[i], quantiles.at(PROBABILITIES[i]), 1e-12 * r.quantiles[i], sample.name);
      }
      assertEquals(
          Double.isNaN(r.medianLow)
              ? Optional.empty()
              : Optional.of(new Interval(r.medianLow, r.medianHigh)),
          quantiles.medianInterval(),
          sample.name);
    });
  }

  @Test
  void adjustedPValuesAgree() {
    double[] adjusted = BenjaminiHochberg.adjust(answers.stream().mapToDouble(Answer::p).toArray());
    for (int i = 0; i < adjusted.length; i++) {
      assertEquals(answers.get(i).adjusted, adjusted[i], 1e-12 * adjusted[i]);
    }
  }

  private interface Comparison {
    void of(Case sample, Answer r);
  }

  private static void each(Comparison comparison) {
    for (int i = 0; i < SAMPLES.size(); i++) {
      comparison.of(SAMPLES.get(i), answers.get(i));
    }
  }

  /// Build times in milliseconds: as measured, in tenths of a second, and in seconds.
  private static List<Case> samples() {
    Random random = new Random(1);
    List<Case> samples = new ArrayList<>();
    for (int[] sizes : SIZES) {
      for (double grain : new double[] {0, 100, 1000}) {
        for (double factor : new double[] {1, 1.05, 1.5}) {
          for (int i = 0; i < 2; i++) {
            samples.add(
                new Case(
                    "%d and %d, grain %.0f, factor %.2f, %d"
                        .formatted(sizes[0], sizes[1], grain, factor, i),
                    durations(sizes[0], grain, 1, random),
                    durations(sizes[1], grain, factor, random)));
          }
        }
      }
    }
    return samples;
  }

  private static double[] durations(int n, double grain, double factor, Random random) {
    return IntStream.range(0, n)
        .mapToDouble(_ -> 20_000 * factor * Math.exp(0.2 * random.nextGaussian()))
        .map(ms -> grain == 0 ? ms : Math.rint(ms / grain) * grain)
        .toArray();
  }

  private static String line(Case sample) {
    return String.join("\t", sample.name, hexadecimal(sample.before), hexadecimal(sample.after));
  }

  private static String hexadecimal(double[] values) {
    return Arrays.stream(values).mapToObj(Double::toHexString).collect(Collectors.joining(","));
  }
}
