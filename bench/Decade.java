package dev.nixtape.projections.history;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.NameHistory;
import dev.nixtape.projections.nix.StorePath;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;

/// Ten years of a farm: 50 million builds of 20,000 derivation names, the same for the same seed. Few packages are built often and
/// most seldom; each takes its own time, which varies by a third.
///
/// `writeTo` puts into a store what `History` would have, but each sum once: to add every build by itself would take hours.
public final class Decade {
  public static final Instant END = Instant.parse("2026-11-01T00:00:00Z");
  public static final int DAYS = 3650;
  public static final int NAMES = 20_000;

  private final int builds;
  private final int facts;
  private final double[] upTo = new double[NAMES];

  /// @param builds in all
  /// @param facts how many of the last ones are also there as facts
  public Decade(int builds, int facts) {
    this.builds = builds;
    this.facts = facts;
    double sum = 0;
    for (int i = 0; i < NAMES; i++) {
      sum += 1 / (i + 5.0);
      upTo[i] = sum;
    }
  }

  /// A build: of the package `number`, in the order of time.
  public record One(long index, int number, Sample sample, boolean fact) {}

  public void forEach(Consumer<One> consumer) {
    SplittableRandom random = new SplittableRandom(42);
    long begin = END.minusSeconds(86_400L * DAYS).toEpochMilli();
    long span = 86_400_000L * DAYS;
    for (int i = 0; i < builds; i++) {
      int number = Arrays.binarySearch(upTo, random.nextDouble() * upTo[NAMES - 1]);
      number = Math.min(NAMES - 1, number < 0 ? -number - 1 : number);
      long at = begin + span / builds * i;
      double usual = 2_000 + 1_000.0 * (number * 7919L % 600);
      long ms = (long) (usual * (0.7 + 0.6 * random.nextDouble()));
      int dice = random.nextInt(100);
      Outcome outcome = dice < 95 ? Outcome.SUCCEEDED : dice < 99 ? Outcome.FAILED : Outcome.INTERRUPTED;
      consumer.accept(
          new One(
              i,
              number,
              new Sample(
                  at, ms, outcome, name(number), "x86_64-linux", "builder-" + random.nextInt(100), "user-" + random.nextInt(200), "local",
                  ms / 100, 0, List.of()),
              i >= builds - facts));
    }
  }

  public static String name(int number) {
    return "package%05d-%d.%d".formatted(number, 1 + number % 9, number % 20);
  }

  public Build fact(One one) {
    Sample s = one.sample;
    return new Build(
        "%016x".formatted(one.index),
        Long.toString(one.index),
        Kind.BUILD,
        "/nix/store/%032x-%s.drv".formatted(one.number, s.name()),
        "/nix/store/%032x-%s".formatted(one.number, s.name()),
        s.name(),
        StorePath.pname(s.name()),
        StorePath.version(s.name()),
        s.system(),
        s.host(),
        s.machine(),
        s.user(),
        1000L,
        "01hzzzzzzzzzzzzzzz",
        null,
        null,
        Instant.ofEpochMilli(s.at() - s.durationMs()),
        Instant.ofEpochMilli(s.at()),
        s.durationMs(),
        "installPhase",
        List.of(),
        null,
        s.logLines(),
        null,
        s.outcome(),
        s.outcome() == Outcome.FAILED ? "builder failed with exit code 1" : null,
        null,
        List.of(new Build.Evidence("counter", s.outcome(), "its worker counted it")),
        new Build.LogRange(0, one.index, one.index + 100));
  }

  public void writeTo(KeyValues store) {
    Words words = new Words(store);
    Cell cells = new Cell(words);
    Known known = new Known(store);
    Map<String, Summary> totals = new TreeMap<>();
    Map<String, NameHistory> names = new TreeMap<>();
    Map<Level, Instant> now = new HashMap<>();
    Map<Level, Summary> sums = new HashMap<>();
    Map<Level, Map<String, Summary>> slices = new HashMap<>();
    Map<String, byte[]> month = new TreeMap<>();
    forEach(one -> {
      Instant at = Instant.ofEpochMilli(one.sample.at());
      for (Level level : Level.values()) {
        Instant begin = level.floor(at);
        Instant before = now.put(level, begin);
        if (before != null && !before.equals(begin)) {
          flush(store, level, before, sums, slices);
          if (level == Level.MONTH) {
            month.forEach(store::put);
            month.clear();
          }
        }
        sums.computeIfAbsent(level, _ -> new Summary()).add(Kind.BUILD, one.sample);
        if (level != Level.QUARTER_HOUR) {
          Map<String, Summary> values = slices.computeIfAbsent(level, _ -> new TreeMap<>());
          for (Dimension dimension : List.of(Dimension.HOST, Dimension.USER)) {
            String value = dimension == Dimension.HOST ? one.sample.host() : one.sample.user();
            values
                .computeIfAbsent(History.sliceKey(dimension, level, begin) + "build/" + value, _ -> new Summary())
                .add(Kind.BUILD, one.sample);
          }
        }
      }
      String pkg = StorePath.pname(one.sample.name());
      known.add(store, Kind.BUILD, pkg, one.sample.name());
      totals.computeIfAbsent(pkg, _ -> new Summary()).add(Kind.BUILD, one.sample);
      Instant begin = now.get(Level.MONTH);
      month.merge(
          History.cellKey(Kind.BUILD, begin, pkg),
          cells.plus(new byte[0], begin.toEpochMilli(), one.sample),
          Decade::joined);
      if (one.fact) {
        Build fact = fact(one);
        String time = History.timeKey(at) + "/" + fact.id();
        String key = History.factKey(Kind.BUILD) + time;
        store.put(key, BuildJson.write(fact));
        store.put(History.ID + fact.id(), key.getBytes(UTF_8));
        store.put(History.nameKey(fact.name()) + time, key.getBytes(UTF_8));
        names.merge(fact.name(), NameHistory.of(fact), (all, _) -> all.plus(fact));
      }
    });
    now.forEach((level, begin) -> flush(store, level, begin, sums, slices));
    month.forEach(store::put);
    totals.forEach((pkg, sum) -> store.put(History.totalKey(Kind.BUILD) + pkg, sum.toBytes()));
    names.forEach((name, all) -> store.put(History.NAMES + name, Json.write(all)));
  }

  private static void flush(
      KeyValues store, Level level, Instant begin, Map<Level, Summary> sums, Map<Level, Map<String, Summary>> slices) {
    Summary sum = sums.remove(level);
    store.put(History.sumKey(level, begin) + Kind.BUILD.json(), sum.toBytes());
    Map<String, Summary> values = slices.remove(level);
    if (values != null) {
      values.forEach((key, value) -> store.put(key, value.toBytes()));
    }
  }

  private static byte[] joined(byte[] one, byte[] other) {
    byte[] both = Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, both, one.length, other.length);
    return both;
  }
}
