package dev.nixtape.projections.history;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.Amendment;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.Used;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.KeyRanges;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.NameHistory;
import dev.nixtape.projections.PackageName;
import dev.nixtape.projections.StatsQuery;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Folds the facts of one partition of `nixtape.builds` into what is asked of the past.
///
/// | key | value |
/// |---|---|
/// | `fact/KIND/MILLIS/ID` | the fact: of its kind by the time at which it finished |
/// | `id/ID` | the key of its fact |
/// | `name/NAME\0MILLIS/ID` | the key of the fact of a build of that derivation name |
/// | `names/NAME` | a summary of its builds |
/// | `sum/LEVEL/PERIOD/KIND` | a `Summary` of a period, of four lengths |
/// | `slice/DIMENSION/LEVEL/PERIOD/KIND/VALUE` | the same of one host, user or substituter; of days and longer |
/// | `failed/MILLIS/ID` | the key of the fact of a build that failed |
/// | `asked/NAME\0MILLIS/ID` | the key of the fact of a question to a substituter that is open |
/// | `served/PATH\0MILLIS/ID` | the key of the fact of a substitution that succeeded |
/// | `total/KIND/PACKAGE` | a `Summary` of all times |
/// | `cell/KIND/MONTH/PACKAGE` | the samples of a month, packed |
/// | `amended/MILLIS/ID` | what is told of a build that is not there yet |
/// | `kept-from` | the day before which retention has forgotten everything |
/// | `package/KIND/PACKAGE`, `word/NUMBER` | names that are known |
///
/// A package is what `PackageName` says; all of its names are in one partition.
public final class History {
  public static final String ID = "id/";
  public static final String NAME = "name/";
  public static final String NAMES = "names/";

  /// Sorts behind everything that begins with the prefix before it: no UTF-8 of a real character is
  /// greater.
  static final String LAST = "\uffff";

  static final String FAILED = "failed/";
  static final String SUM = "sum/";
  private static final String SLICE = "slice/";
  private static final String TOTAL = "total/";
  private static final String CELL = "cell/";
  private static final String AMENDED = "amended/";
  private static final String KEPT_FROM = "kept-from";
  private static final byte[] NOTHING = {};

  private static final long DIGITS_15 = 1_000_000_000_000_000L;

  private static final List<Level> DAYS_AND_LONGER = List.of(Level.DAY, Level.MONTH, Level.YEAR);

  private final KeyValues store;
  private final Words words;
  private final Known known;
  private final Cell cells;
  private final Questioned questioned;

  public History(KeyValues store) {
    this.store = store;
    this.words = new Words(store);
    this.known = new Known(store);
    this.cells = new Cell(words);
    this.questioned = new Questioned(store);
  }

  /// What this history can say; any thread may ask.
  ///
  /// @param store the same as this history's, as another thread may read it
  public Past past(KeyRanges store) {
    return new Past(store, known, cells);
  }

  /// Adds a fact; one that is there already changes nothing.
  ///
  /// @param json the same as JSON
  public void add(Build build, byte[] json) {
    if (store.get(ID + build.id()) != null) {
      return;
    }
    if (build.kind() == Kind.BUILD) {
      String key = amendedKey(build.endedAt(), build.id());
      byte[] told = store.get(key);
      if (told != null) {
        store.put(key, null);
        Build whole = build.withUsed(Json.read(told, Amendment.class).used());
        put(whole, BuildJson.write(whole));
        return;
      }
    }
    put(build, json);
  }

  private void put(Build build, byte[] json) {
    Instant at = build.endedAt();
    String time = timeKey(at) + "/" + build.id();
    String key = factKey(build.kind()) + time;
    byte[] pointer = key.getBytes(UTF_8);
    store.put(key, json);
    store.put(ID + build.id(), pointer);
    if (build.kind() == Kind.BUILD) {
      store.put(nameKey(build.name()) + time, pointer);
      byte[] before = store.get(NAMES + build.name());
      store.put(
          NAMES + build.name(),
          Json.write(
              before == null
                  ? NameHistory.of(build)
                  : Json.read(before, NameHistory.class).plus(build)));
    }
    Sample sample = Sample.of(build);
    known.add(Level.MONTH.floor(at));
    sums(build).forEach(sum -> add(sum, build.kind(), sample));
    if (build.kind() == Kind.BUILD && build.outcome() == Outcome.FAILED) {
      store.put(FAILED + time, pointer);
    }
    questioned
        .add(build, time, pointer)
        .forEach(answer ->
            slices(Dimension.ANSWER, answer.value(), answer.query())
                .forEach(slice -> add(slice, Kind.QUERY, Sample.of(answer.query()))));
    if (StatsQuery.isNamed(build.kind())) {
      addToPackage(build, at, sample);
    }
  }

  /// Adds to a fact what it lacks, whichever of both is told first; told again it changes nothing.
  public void amend(Amendment amendment) {
    byte[] pointer = store.get(ID + amendment.id());
    if (pointer == null) {
      store.put(amendedKey(amendment.finishedAt(), amendment.id()), Json.write(amendment));
      return;
    }
    String key = new String(pointer, UTF_8);
    Build fact = BuildJson.read(Objects.requireNonNull(store.get(key), key));
    if (fact.used() == null) {
      store.put(key, BuildJson.write(fact.withUsed(amendment.used())));
      measured(fact, amendment.used());
    }
  }

  private void measured(Build fact, Used used) {
    String name = NAMES + fact.name();
    store.put(
        name,
        Json.write(
            Json.read(Objects.requireNonNull(store.get(name), name), NameHistory.class)
                .measured(used)));
    Sample sample = Sample.of(fact.withUsed(used));
    for (String sum : sums(fact)) {
      Summary summary = Summary.of(Objects.requireNonNull(store.get(sum), sum));
      summary.measured(sample);
      store.put(sum, summary.toBytes());
    }
    Instant month = Level.MONTH.floor(fact.endedAt());
    String cell = cellKey(fact.kind(), month, PackageName.of(fact.name()));
    store.put(
        cell,
        cells.with(
            Objects.requireNonNull(store.get(cell), cell),
            month.toEpochMilli(),
            Sample.of(fact),
            sample));
  }

  /// The keys of all sums that an activity counts in.
  private static List<String> sums(Build build) {
    List<String> keys = new ArrayList<>();
    for (Level level : Level.values()) {
      keys.add(sumKey(level, level.floor(build.endedAt())) + build.kind().json());
    }
    for (Dimension dimension : Dimension.values()) {
      dimension.of(build).ifPresent(value -> keys.addAll(slices(dimension, value, build)));
    }
    if (StatsQuery.isNamed(build.kind())) {
      keys.add(totalKey(build.kind()) + PackageName.of(build.name()));
    }
    return keys;
  }

  private static List<String> slices(Dimension dimension, String value, Build build) {
    return DAYS_AND_LONGER.stream()
        .map(level ->
            sliceKey(dimension, level, level.floor(build.endedAt()))
                + build.kind().json()
                + "/"
                + value)
        .toList();
  }

  private void add(String key, Kind kind, Sample sample) {
    byte[] before = store.get(key);
    Summary summary = before == null ? new Summary() : Summary.of(before);
    summary.add(kind, sample);
    store.put(key, summary.toBytes());
  }

  private void addToPackage(Build build, Instant at, Sample sample) {
    String pkg = PackageName.of(build.name());
    Instant month = Level.MONTH.floor(at);
    String cell = cellKey(build.kind(), month, pkg);
    known.add(store, build.kind(), pkg, build.name());
    store.put(
        cell,
        cells.plus(
            Objects.requireNonNullElse(store.get(cell), NOTHING), month.toEpochMilli(), sample));
  }

  /// What the keys of a kind's facts begin with; the time follows.
  public static String factKey(Kind kind) {
    return "fact/" + kind.json() + "/";
  }

  /// Milliseconds since 1970, so that keys sort by them.
  public static String timeKey(Instant at) {
    return Long.toString(DIGITS_15 + at.toEpochMilli()).substring(1);
  }

  /// What the keys of a name's facts begin with.
  public static String nameKey(String name) {
    return NAME + name + "\0";
  }

  static String sumKey(Level level, Instant begin) {
    return SUM + level.key(begin) + "/";
  }

  static String sliceKey(Dimension dimension, Level level, Instant begin) {
    return SLICE + dimension.key() + "/" + level.key(begin) + "/";
  }

  private static String amendedKey(Instant at, String id) {
    return AMENDED + timeKey(at) + "/" + id;
  }

  static String totalKey(Kind kind) {
    return TOTAL + kind.json() + "/";
  }

  static String cellKey(Kind kind, Instant month, String pkg) {
    return CELL + kind.json() + "/" + Level.MONTH.key(month) + "/" + pkg;
  }

  /// Forgets what finished before the day of a time, when it did not so today already.
  public void keepFrom(Instant time) {
    Instant day = Level.DAY.floor(time);
    byte[] before = store.get(KEPT_FROM);
    if (before == null || Instant.parse(new String(before, UTF_8)).isBefore(day)) {
      clean(day);
      store.put(KEPT_FROM, day.toString().getBytes(UTF_8));
    }
  }

  /// Forgets all that finished before a day.
  ///
  /// @param before the begin of a day, UTC
  public void clean(Instant before) {
    for (Kind kind : Kind.values()) {
      cleanFacts(kind, before);
      if (StatsQuery.isNamed(kind)) {
        for (String pkg : List.copyOf(known.of(kind))) {
          cleanPackage(kind, pkg, before);
        }
      }
    }
    cleanSums(SUM, before, List.of(Level.QUARTER_HOUR, Level.DAY, Level.MONTH, Level.YEAR));
    for (Dimension dimension : Dimension.values()) {
      cleanSums(SLICE + dimension.key() + "/", before, DAYS_AND_LONGER);
    }
    for (Map.Entry<String, byte[]> amendment : store.range(AMENDED, AMENDED + timeKey(before))) {
      store.put(amendment.getKey(), null);
    }
    known.forgetMonths(Level.MONTH.floor(before));
  }

  private void cleanFacts(Kind kind, Instant before) {
    String end = factKey(kind) + timeKey(before);
    for (Map.Entry<String, byte[]> fact : store.range(factKey(kind), end)) {
      Build build = BuildJson.read(fact.getValue());
      store.put(fact.getKey(), null);
      store.put(ID + build.id(), null);
      String time = fact.getKey().substring(factKey(kind).length());
      if (kind == Kind.BUILD) {
        store.put(nameKey(build.name()) + time, null);
        store.put(FAILED + time, null);
      }
      questioned.remove(build, time);
    }
    if (kind == Kind.BUILD) {
      List.copyOf(known.names()).forEach(this::sumUpName);
    }
  }

  /// Makes a name's summary anew from the builds that are left.
  private void sumUpName(String name) {
    NameHistory history = null;
    for (Map.Entry<String, byte[]> pointer : store.range(nameKey(name), nameKey(name) + LAST)) {
      byte[] fact = store.get(new String(pointer.getValue(), UTF_8));
      if (fact != null) {
        Build build = BuildJson.read(fact);
        history = history == null ? NameHistory.of(build) : history.plus(build);
      }
    }
    store.put(NAMES + name, history == null ? null : Json.write(history));
    if (history == null) {
      known.removeName(name);
    }
  }

  private void cleanPackage(Kind kind, String pkg, Instant before) {
    Summary total = new Summary();
    boolean[] left = {false};
    for (Instant month : known.months(Instant.EPOCH, Instant.MAX)) {
      String key = cellKey(kind, month, pkg);
      byte[] cell = store.get(key);
      if (cell == null) {
        continue;
      }
      byte[][] kept = {NOTHING};
      cells.read(
          cell,
          month.toEpochMilli(),
          before.toEpochMilli(),
          Long.MAX_VALUE,
          sample -> {
            kept[0] = cells.plus(kept[0], month.toEpochMilli(), sample);
            total.add(kind, sample);
            left[0] = true;
          });
      if (kept[0].length < cell.length) {
        store.put(key, kept[0].length == 0 ? null : kept[0]);
      }
    }
    store.put(totalKey(kind) + pkg, left[0] ? total.toBytes() : null);
    if (!left[0]) {
      known.remove(store, kind, pkg);
    }
  }

  /// A period that ended before goes; one that goes on is summed up anew from the shorter ones that
  /// are left.
  ///
  /// @param levels the shortest first
  private void cleanSums(String prefix, Instant before, List<Level> levels) {
    for (Level level : levels) {
      Instant begin = level.floor(before);
      Instant end = level.ceiling(before);
      String first = prefix + level.prefix();
      for (Map.Entry<String, byte[]> sum : store.range(first, prefix + level.key(end))) {
        store.put(sum.getKey(), null);
      }
      if (begin.isBefore(before)) {
        Level shorter = level.shorter();
        String key = prefix + level.key(begin) + "/";
        for (Map.Entry<String, byte[]> sum :
            store.range(prefix + shorter.key(shorter.floor(before)), prefix + shorter.key(end))) {
          String rest = sum.getKey().substring(prefix.length());
          String what = key + rest.substring(rest.indexOf('/', shorter.prefix().length()) + 1);
          Summary summary = Summary.of(sum.getValue());
          byte[] known = store.get(what);
          if (known != null) {
            summary.add(Summary.of(known));
          }
          store.put(what, summary.toBytes());
        }
      }
    }
  }
}
