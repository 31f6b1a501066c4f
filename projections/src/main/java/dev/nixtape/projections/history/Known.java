package dev.nixtape.projections.history;

import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.NameFilter;
import dev.nixtape.projections.PackageName;
import dev.nixtape.projections.StatsQuery;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.Predicate;

/// Which packages and derivation names a history knows, in memory: to look for a part of a name is
/// to look at all of them. Any thread may read.
final class Known {
  private static final String PACKAGE = "package/";
  private static final byte[] NOTHING = {};

  private final Map<Kind, NavigableSet<String>> packages = new EnumMap<>(Kind.class);
  private final NavigableSet<Instant> months = new ConcurrentSkipListSet<>();
  private final NavigableSet<String> names = new ConcurrentSkipListSet<>();

  Known(KeyValues store) {
    for (Kind kind : Kind.values()) {
      NavigableSet<String> known = new ConcurrentSkipListSet<>();
      if (StatsQuery.isNamed(kind)) {
        String prefix = key(kind, "");
        for (Map.Entry<String, byte[]> entry : store.range(prefix, prefix + History.LAST)) {
          known.add(entry.getKey().substring(prefix.length()));
        }
      }
      packages.put(kind, known);
    }
    for (Map.Entry<String, byte[]> entry :
        store.range(History.NAMES, History.NAMES + History.LAST)) {
      names.add(entry.getKey().substring(History.NAMES.length()));
    }
    String years = History.SUM + Level.MONTH.prefix();
    for (Map.Entry<String, byte[]> entry : store.range(years, years + History.LAST)) {
      String month = entry.getKey().substring(History.SUM.length());
      months.add(Level.MONTH.begin(month.substring(0, month.lastIndexOf('/'))));
    }
  }

  private static String key(Kind kind, String name) {
    return PACKAGE + kind.json() + "/" + name;
  }

  void add(KeyValues store, Kind kind, String pkg, String name) {
    if (of(kind).add(pkg)) {
      store.put(key(kind, pkg), NOTHING);
    }
    if (kind == Kind.BUILD) {
      names.add(name);
    }
  }

  void remove(KeyValues store, Kind kind, String pkg) {
    of(kind).remove(pkg);
    store.put(key(kind, pkg), null);
  }

  void removeName(String name) {
    names.remove(name);
  }

  void add(Instant month) {
    months.add(month);
  }

  void forgetMonths(Instant before) {
    months.headSet(before).clear();
  }

  /// The months of which anything is known that have a part of a time.
  List<Instant> months(Instant from, Instant to) {
    return months.stream()
        .filter(month -> month.isBefore(to) && Level.MONTH.next(month).isAfter(from))
        .toList();
  }

  Optional<Instant> firstMonth() {
    return months.stream().findFirst();
  }

  Optional<Instant> lastMonth() {
    return Optional.ofNullable(months.floor(Instant.MAX));
  }

  NavigableSet<String> of(Kind kind) {
    return Objects.requireNonNull(packages.get(kind));
  }

  Set<String> names() {
    return names;
  }

  /// The packages of a kind that a filter is about, each with the names that are meant of it; no
  /// names: all.
  Map<String, Collection<String>> matching(Kind kind, NameFilter filter) {
    Predicate<String> matches = filter.matcher();
    Map<String, Collection<String>> found = new TreeMap<>();
    for (String pkg : of(kind)) {
      if (matches.test(pkg)) {
        found.put(pkg, Set.of());
      }
    }
    for (String name : names) {
      if (!matches.test(name)) {
        continue;
      }
      String pkg = PackageName.of(name);
      Collection<String> known = found.get(pkg);
      // All names of a package that is meant as a whole are meant.
      if ((known == null || !known.isEmpty()) && of(kind).contains(pkg)) {
        found.computeIfAbsent(pkg, _ -> new TreeSet<>()).add(name);
      }
    }
    return found;
  }
}
