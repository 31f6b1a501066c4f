package dev.nixtape.projections.history;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.NameHistory;
import dev.nixtape.projections.Stats.DayTotals;
import dev.nixtape.projections.Stats.Totals;
import java.time.Instant;
import java.time.ZoneOffset;

/// Folds the facts of one partition of `nixtape.builds` into what is asked of the past.
///
/// | key | value |
/// |---|---|
/// | `fact/KIND/MILLIS/ID` | the fact: of its kind by the time at which it finished |
/// | `id/ID` | the key of its fact |
/// | `name/NAME\0MILLIS/ID` | the key of the fact of a build of that derivation name |
/// | `names/NAME` | a summary of its builds |
/// | `day/DAY/KIND` | totals |
public final class History {
  public static final String ID = "id/";
  public static final String NAME = "name/";
  public static final String NAMES = "names/";
  public static final String DAY = "day/";

  private static final long DIGITS_15 = 1_000_000_000_000_000L;

  private final KeyValues store;

  public History(KeyValues store) {
    this.store = store;
  }

  /// Adds a fact; one that is there already changes nothing.
  ///
  /// @param json the same as JSON
  public void add(Build build, byte[] json) {
    if (store.get(ID + build.id()) != null) {
      return;
    }
    Instant at = build.finishedAt() == null ? build.startedAt() : build.finishedAt();
    String time = timeKey(at) + "/" + build.id();
    String key = factKey(build.kind()) + time;
    byte[] pointer = key.getBytes(UTF_8);
    store.put(key, json);
    store.put(ID + build.id(), pointer);
    if (build.kind() == Build.Kind.BUILD) {
      store.put(nameKey(build.name()) + time, pointer);
      byte[] known = store.get(NAMES + build.name());
      store.put(
          NAMES + build.name(),
          Json.write(
              known == null
                  ? NameHistory.of(build)
                  : Json.read(known, NameHistory.class).plus(build)));
    }
    String day = at.atZone(ZoneOffset.UTC).toLocalDate().toString();
    String dayKey = DAY + day + "/" + build.kind().json();
    byte[] totals = store.get(dayKey);
    store.put(
        dayKey,
        Json.write(
            new DayTotals(
                day,
                totals == null
                    ? Totals.of(build)
                    : Json.read(totals, DayTotals.class).totals().plus(Totals.of(build)))));
  }

  /// What the keys of a kind's facts begin with; the time follows.
  public static String factKey(Build.Kind kind) {
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
}
