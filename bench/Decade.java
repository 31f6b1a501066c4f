package dev.nixtape.projections.history;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.NameHistory;
import dev.nixtape.projections.PackageName;
import dev.nixtape.projections.nix.StorePath;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// Ten years of a farm: 50 million builds of 20,000 derivation names, the same for the same seed. Few packages are built often and
/// most seldom; each takes its own time, which varies by a third.
///
/// `writeTo` puts into a store what `History` would have, but each sum once: to add every build by itself would take hours.
public final class Decade {
  public static final Instant END = Instant.parse("2026-11-01T00:00:00Z");
  public static final int DAYS = 3650;
  public static final int NAMES = 20_000;

  private static final String STORE = "/nix/store/000000000000000000000000000";

  private final int builds;
  private final int facts;
  private final double[] upTo = new double[NAMES];
  private final String[] names = IntStream.range(0, NAMES).mapToObj(Decade::name).toArray(String[]::new);
  private final String[] hosts = IntStream.range(0, 100).mapToObj(n -> "builder-" + n).toArray(String[]::new);
  private final String[] users = IntStream.range(0, 200).mapToObj(n -> "user-" + n).toArray(String[]::new);

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
                  at, ms, outcome, names[number], "x86_64-linux", hosts[random.nextInt(hosts.length)], users[random.nextInt(users.length)], "local",
                  ms / 100, 0, null, List.of()),
              i >= builds - facts));
    }
  }

  public static String name(int number) {
    return "package%05d-%d.%d".formatted(number, 1 + number % 9, number % 20);
  }

  public Build fact(One one) {
    Sample s = one.sample;
    return new Build(
        Long.toHexString(0x1000_0000_0000_0000L + one.index),
        Long.toString(one.index),
        Kind.BUILD,
        STORE + one.number + "-" + s.name() + ".drv",
        STORE + one.number + "-" + s.name(),
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
        List.of(),
        List.of(new Build.Evidence("counter", s.outcome(), "its worker counted it")),
        new Build.LogRange(0, one.index, one.index + 100),
        null,
        null,
        null);
  }

  public void writeTo(KeyValues store) {
    Words words = new Words(store);
    Cell cells = new Cell(words);
    Known known = new Known(store);
    Summary[] totals = new Summary[NAMES];
    Map<String, NameHistory> builds = new TreeMap<>();
    Map<Level, Sums> sums = new EnumMap<>(Level.class);
    byte[][] month = new byte[NAMES][];
    forEach(one -> {
      Instant at = Instant.ofEpochMilli(one.sample.at());
      for (Level level : Level.values()) {
        Sums now = sums.get(level);
        if (now == null || one.sample.at() >= now.end) {
          if (now != null) {
            now.writeTo(store);
            if (level == Level.MONTH) {
              writeMonth(store, now.begin, month);
            }
          }
          now = new Sums(level, level.floor(at), level.next(level.floor(at)).toEpochMilli());
          sums.put(level, now);
        }
        now.add(one.sample);
      }
      if (totals[one.number] == null) {
        totals[one.number] = new Summary();
        known.add(store, Kind.BUILD, PackageName.of(one.sample.name()), one.sample.name());
      }
      totals[one.number].add(Kind.BUILD, one.sample);
      byte[] before = month[one.number];
      month[one.number] =
          cells.plus(before == null ? new byte[0] : before, sums.get(Level.MONTH).begin.toEpochMilli(), one.sample);
      if (one.fact) {
        Build fact = fact(one);
        String time = History.timeKey(at) + "/" + fact.id();
        String key = History.factKey(Kind.BUILD) + time;
        store.put(key, BuildJson.write(fact));
        store.put(History.ID + fact.id(), key.getBytes(UTF_8));
        store.put(History.nameKey(fact.name()) + time, key.getBytes(UTF_8));
        builds.merge(fact.name(), NameHistory.of(fact), (all, _) -> all.plus(fact));
      }
    });
    sums.values().forEach(last -> last.writeTo(store));
    writeMonth(store, sums.get(Level.MONTH).begin, month);
    for (int number = 0; number < NAMES; number++) {
      if (totals[number] != null) {
        store.put(History.totalKey(Kind.BUILD) + PackageName.of(names[number]), totals[number].toBytes());
      }
    }
    builds.forEach((name, all) -> store.put(History.NAMES + name, Json.write(all)));
  }

  private void writeMonth(KeyValues store, Instant begin, byte[][] month) {
    for (int number = 0; number < NAMES; number++) {
      if (month[number] != null) {
        store.put(History.cellKey(Kind.BUILD, begin, PackageName.of(names[number])), month[number]);
        month[number] = null;
      }
    }
  }

  /// What comes together in one period.
  private static final class Sums {
    final Level level;
    final Instant begin;
    final long end;
    final Summary all = new Summary();
    final Map<String, Summary> hosts = new HashMap<>();
    final Map<String, Summary> users = new HashMap<>();

    Sums(Level level, Instant begin, long end) {
      this.level = level;
      this.begin = begin;
      this.end = end;
    }

    void add(Sample sample) {
      all.add(Kind.BUILD, sample);
      if (level != Level.QUARTER_HOUR) {
        hosts.computeIfAbsent(sample.host(), _ -> new Summary()).add(Kind.BUILD, sample);
        users.computeIfAbsent(sample.user(), _ -> new Summary()).add(Kind.BUILD, sample);
      }
    }

    void writeTo(KeyValues store) {
      store.put(History.sumKey(level, begin) + Kind.BUILD.json(), all.toBytes());
      write(store, Dimension.HOST, hosts);
      write(store, Dimension.USER, users);
    }

    private void write(KeyValues store, Dimension dimension, Map<String, Summary> values) {
      String key = History.sliceKey(dimension, level, begin) + Kind.BUILD.json() + "/";
      values.forEach((value, sum) -> store.put(key + value, sum.toBytes()));
    }
  }
}
