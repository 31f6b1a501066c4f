package dev.nixtape.projections.history;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.Bucket;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.During;
import dev.nixtape.projections.KeyRanges;
import dev.nixtape.projections.StatsQuery;
import dev.nixtape.projections.statistics.Doubles;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What one partition's history says; any thread may ask.
public final class Past {
  /// Far more than fits on a screen or helps in a plot.
  private static final int MAX_BUCKETS = 20_000;

  private static final Duration HOUR = Duration.ofHours(1);

  /// Packages whose samples of a month are read at once.
  private static final int BATCH = 500;

  private static final Instant BEGIN = Instant.EPOCH;
  private static final Instant END = Instant.parse("9999-01-01T00:00:00Z");

  private final KeyRanges store;
  private final Known known;
  private final Cell cells;

  Past(KeyRanges store, Known known, Cell cells) {
    this.store = store;
    this.known = known;
    this.cells = cells;
  }

  /// A sum in the answer to a question, of one partition.
  ///
  /// @param bucket the begin of its period, in milliseconds since 1970; 0 when there is only one
  /// @param name a package; "" when it is of all
  public record Sum(long bucket, Kind kind, String name, Summary summary) {}

  /// The times of what a row is about: many, handed on and not kept.
  @SuppressWarnings("ArrayRecordComponent")
  public record Times(long bucket, Kind kind, String name, double[] ms) {}

  /// The sums that a question asks for.
  public List<Sum> sums(StatsQuery query) {
    List<Sum> sums = new ArrayList<>();
    if (query.isByName()) {
      Map<Row, Summary> rows = new LinkedHashMap<>();
      byName(
          query,
          (row, sample) -> rows.computeIfAbsent(row, _ -> new Summary()).add(row.kind, sample),
          (row, total) -> rows.computeIfAbsent(row, _ -> new Summary()).add(total));
      rows.forEach((row, sum) -> sums.add(new Sum(row.bucket, row.kind, row.name, sum)));
      return sums;
    }
    for (Period period : periods(query)) {
      Map<Kind, Summary> kinds = new TreeMap<>();
      for (Level.Span span : Level.YEAR.cover(Level.QUARTER_HOUR, period.from, period.to)) {
        store
            .range(
                History.sumKey(span.level(), span.from()), History.sumKey(span.level(), span.to()))
            .forEach(sum -> {
              Kind kind = kind(sum.getKey().substring(sum.getKey().lastIndexOf('/') + 1));
              if (query.kind().map(kind::equals).orElse(true)) {
                kinds.computeIfAbsent(kind, _ -> new Summary()).add(Summary.of(sum.getValue()));
              }
            });
      }
      kinds.forEach((kind, sum) -> sums.add(new Sum(period.key, kind, "", sum)));
    }
    return sums;
  }

  /// The times behind the rows that a question asks for.
  public List<Times> times(StatsQuery query) {
    Map<Row, Doubles> rows = new LinkedHashMap<>();
    byName(
        query,
        (row, sample) -> {
          if (sample.isTimed(row.kind)) {
            rows.computeIfAbsent(row, _ -> new Doubles()).add((double) sample.durationMs());
          }
        },
        null);
    return rows.entrySet().stream()
        .map(row ->
            new Times(
                row.getKey().bucket,
                row.getKey().kind,
                row.getKey().name,
                row.getValue().toArray()))
        .toList();
  }

  /// Sums of one host, user or substituter each, of whole days (UTC).
  public List<Sum> slices(Dimension dimension, During during) {
    return slices(dimension, from(during), to(during));
  }

  private List<Sum> slices(Dimension dimension, Instant begin, Instant end) {
    Map<Row, Summary> rows = new LinkedHashMap<>();
    for (Level.Span span : Level.YEAR.cover(Level.DAY, begin, end)) {
      String from = History.sliceKey(dimension, span.level(), span.from());
      store
          .range(from, History.sliceKey(dimension, span.level(), span.to()))
          .forEach(sum -> {
            String rest = sum.getKey().substring(from.length());
            int value = rest.indexOf('/');
            rows.computeIfAbsent(
                    new Row(0, kind(rest.substring(0, value)), rest.substring(value + 1)),
                    _ -> new Summary())
                .add(Summary.of(sum.getValue()));
          });
    }
    return rows.entrySet().stream()
        .map(row -> new Sum(0, row.getKey().kind, row.getKey().name, row.getValue()))
        .toList();
  }

  /// Sums of one kind of activity, of each value of a dimension that its facts tell. Of days (UTC)
  /// that are cut the facts are read, so that they are those of the time exactly.
  public List<Sum> slices(Kind kind, Dimension dimension, During during) {
    Instant from = from(during);
    Instant to = to(during);
    Instant firstDay = Level.DAY.ceiling(from);
    Instant lastDay = Level.DAY.floor(to);
    Map<String, Summary> sums = new LinkedHashMap<>();
    Consumer<Build> add =
        fact ->
            dimension
                .of(fact)
                .ifPresent(value ->
                    sums.computeIfAbsent(value, _ -> new Summary()).add(kind, Sample.of(fact)));
    if (lastDay.isBefore(firstDay)) {
      facts(kind, from, to).forEach(add);
    } else {
      facts(kind, from, firstDay).forEach(add);
      facts(kind, lastDay, to).forEach(add);
      for (Sum sum : slices(dimension, firstDay, lastDay)) {
        if (sum.kind == kind) {
          sums.computeIfAbsent(sum.name, _ -> new Summary()).add(sum.summary);
        }
      }
    }
    return sums.entrySet().stream()
        .map(sum -> new Sum(0, kind, sum.getKey(), sum.getValue()))
        .toList();
  }

  /// The facts of a kind, last finished first; read an hour at a time, because a month of them does
  /// not fit into memory.
  public Stream<Build> facts(Kind kind, During during) {
    return facts(kind, from(during), to(during));
  }

  private Stream<Build> facts(Kind kind, Instant from, Instant to) {
    return hourly(History.factKey(kind), from, to).map(fact -> BuildJson.read(fact.getValue()));
  }

  /// Builds that failed, last finished first.
  public Stream<Build> failed(During during) {
    return hourly(History.FAILED, from(during), to(during))
        .flatMap(failure -> fact(failure).stream());
  }

  /// All builds of a derivation name, first finished first.
  public List<Build> builds(String name, During during) {
    String prefix = History.nameKey(name);
    return store
        .range(
            prefix + during.since().map(History::timeKey).orElse(""),
            prefix + during.until().map(History::timeKey).orElse(History.LAST))
        .stream()
        .flatMap(build -> fact(build).stream())
        .toList();
  }

  /// The first substitution of a store path that succeeded, if it finished before a time.
  public Optional<Build> servedBefore(String path, Instant at) {
    String prefix = Questioned.servedKey(path);
    return store.range(prefix, prefix + History.timeKey(at)).stream()
        .findFirst()
        .flatMap(this::fact);
  }

  private Optional<Build> fact(Map.Entry<String, byte[]> pointer) {
    return Optional.ofNullable(store.get(new String(pointer.getValue(), UTF_8)))
        .map(json -> BuildJson.read(json));
  }

  /// The entries of a table whose keys begin with a time, the last first.
  private Stream<Map.Entry<String, byte[]>> hourly(String table, Instant from, Instant to) {
    // Nothing is known outside of these days.
    Instant begin = from.isBefore(first()) ? first() : from;
    Instant end = to.isAfter(last()) ? last() : to;
    return Stream.iterate(end, hour -> hour.isAfter(begin), hour -> hour.minus(HOUR))
        .flatMap(hour -> {
          Instant hourBegin = hour.minus(HOUR).isBefore(begin) ? begin : hour.minus(HOUR);
          return store
              .range(table + History.timeKey(hourBegin), table + History.timeKey(hour))
              .reversed()
              .stream();
        });
  }

  /// All samples of a package that finished in a time, month by month in the order in which they
  /// were told.
  public void samples(Kind kind, String pkg, Instant from, Instant to, Consumer<Sample> samples) {
    for (Instant month : known.months(from, to)) {
      byte[] cell = store.get(History.cellKey(kind, month, pkg));
      if (cell != null) {
        read(cell, month, from, to, samples);
      }
    }
  }

  /// The packages of a kind, in batches of neighbours: what is asked of all of them is read batch
  /// by batch, a month at once.
  public List<List<String>> batches(Kind kind) {
    List<String> all = List.copyOf(known.of(kind));
    List<List<String>> batches = new ArrayList<>();
    for (int at = 0; at < all.size(); at += BATCH) {
      batches.add(all.subList(at, Math.min(all.size(), at + BATCH)));
    }
    return batches;
  }

  /// The samples of a batch's packages that finished in a time.
  public Map<String, List<Sample>> samples(
      Kind kind, List<String> batch, Instant from, Instant to) {
    Map<String, List<Sample>> samples = new TreeMap<>();
    for (Instant month : known.months(from, to)) {
      String first = History.cellKey(kind, month, batch.getFirst());
      int name = first.length() - batch.getFirst().length();
      // Behind the last one, and before all that only begin with its name.
      String last = History.cellKey(kind, month, batch.getLast()) + "\0";
      for (Map.Entry<String, byte[]> cell : store.range(first, last)) {
        List<Sample> its =
            samples.computeIfAbsent(cell.getKey().substring(name), _ -> new ArrayList<>());
        read(cell.getValue(), month, from, to, its::add);
      }
    }
    return samples;
  }

  private void read(
      byte[] cell, Instant month, Instant from, Instant to, Consumer<Sample> samples) {
    cells.read(cell, month.toEpochMilli(), from.toEpochMilli(), to.toEpochMilli(), samples);
  }

  private record Row(long bucket, Kind kind, String name) {}

  private record Period(long key, Instant from, Instant to) {}

  private void byName(
      StatsQuery query,
      BiConsumer<Row, Sample> samples,
      @Nullable BiConsumer<Row, Summary> totals) {
    During during = query.during();
    boolean allTimes =
        during.since().isEmpty() && during.until().isEmpty() && query.bucket().isEmpty();
    Instant from = during.since().orElse(BEGIN);
    Instant to = during.until().orElse(END);
    for (Kind kind : EnumSet.allOf(Kind.class)) {
      if (!StatsQuery.isNamed(kind) || !query.kind().map(kind::equals).orElse(true)) {
        continue;
      }
      if (query.names().isEmpty() && !(allTimes && totals != null)) {
        for (List<String> batch : batches(kind)) {
          samples(kind, batch, from, to)
              .forEach((pkg, its) -> {
                for (Sample sample : its) {
                  samples.accept(row(query, kind, pkg, sample), sample);
                }
              });
        }
        continue;
      }
      matching(query, kind)
          .forEach((pkg, only) -> {
            if (allTimes && totals != null && only.isEmpty()) {
              byte[] total = store.get(History.totalKey(kind) + pkg);
              if (total != null) {
                totals.accept(new Row(0, kind, query.group() ? pkg : ""), Summary.of(total));
              }
              return;
            }
            samples(
                kind,
                pkg,
                from,
                to,
                sample -> {
                  if (only.isEmpty() || only.contains(sample.name())) {
                    samples.accept(row(query, kind, pkg, sample), sample);
                  }
                });
          });
    }
  }

  private Map<String, Collection<String>> matching(StatsQuery query, Kind kind) {
    if (query.names().isPresent()) {
      return known.matching(kind, query.names().get());
    }
    Map<String, Collection<String>> all = new TreeMap<>();
    known.of(kind).forEach(pkg -> all.put(pkg, Set.of()));
    return all;
  }

  private static Row row(StatsQuery query, Kind kind, String pkg, Sample sample) {
    long bucket =
        query.bucket().isEmpty()
            ? 0
            : query
                .bucket()
                .get()
                .begin(Instant.ofEpochMilli(sample.at()), query.during().zone())
                .toEpochMilli();
    return new Row(bucket, kind, query.group() ? pkg : "");
  }

  /// The periods of a question: its buckets, or one.
  private List<Period> periods(StatsQuery query) {
    During during = query.during();
    if (query.bucket().isEmpty()) {
      return List.of(new Period(0, during.since().orElse(BEGIN), during.until().orElse(END)));
    }
    Instant from = from(during);
    Instant to = to(during);
    Bucket bucket = query.bucket().get();
    List<Period> periods = new ArrayList<>();
    Instant begin = bucket.begin(from, during.zone());
    while (begin.isBefore(to)) {
      Instant next = bucket.next(begin, during.zone());
      periods.add(
          new Period(
              begin.toEpochMilli(),
              begin.isBefore(from) ? from : begin,
              next.isAfter(to) ? to : next));
      if (periods.size() > MAX_BUCKETS) {
        throw new IllegalArgumentException(
            "bucket: more than %d rows between %s and %s; take longer buckets or a shorter time"
                .formatted(MAX_BUCKETS, from, to));
      }
      begin = next;
    }
    return periods;
  }

  private Instant from(During during) {
    return during.since().orElseGet(this::first);
  }

  private Instant to(During during) {
    return during.until().orElseGet(this::last);
  }

  /// The begin of the first day of which anything is known.
  private Instant first() {
    return known.firstMonth().map(month -> day(month, List::getFirst)).orElse(BEGIN);
  }

  /// The end of the last day of which anything is known.
  private Instant last() {
    return known.lastMonth().map(month -> Level.DAY.next(day(month, List::getLast))).orElse(BEGIN);
  }

  private Instant day(
      Instant month, Function<List<Map.Entry<String, byte[]>>, Map.Entry<String, byte[]>> which) {
    List<Map.Entry<String, byte[]>> days =
        store.range(
            History.sumKey(Level.DAY, month), History.sumKey(Level.DAY, Level.MONTH.next(month)));
    return days.isEmpty() ? month : period(Level.DAY, which.apply(days).getKey());
  }

  private static Instant period(Level level, String key) {
    String rest = key.substring(key.indexOf('/') + 1);
    return level.begin(rest.substring(0, rest.lastIndexOf('/')));
  }

  private static Kind kind(String json) {
    return Kind.valueOf(json.toUpperCase(Locale.ROOT));
  }
}
