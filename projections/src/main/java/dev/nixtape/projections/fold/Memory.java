package dev.nixtape.projections.fold;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.Session;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the fold remembers between entries, in one ordered map.
///
/// | key | value |
/// |---|---|
/// | `session/HOST/ID` | an open session |
/// | `ended/HOST/ID` | a session that ended, as answers show it |
/// | `invocation/…` | a run of a Nix program with open sessions |
/// | `activity/HOST/NIXID` | an activity that is not settled |
/// | `goals/HOST/PID/KIND` | a worker's counters |
/// | `settled/HOST/NIXID` | when an activity ended that a slower stream may yet tell of |
/// | `host/HOST` | what ended on a host, in total |
public final class Memory {
  public static final String SESSIONS = "session/";
  public static final String ENDED = "ended/";
  public static final String ACTIVITIES = "activity/";
  static final String INVOCATIONS = "invocation/";
  static final String GOALS = "goals/";
  static final String SETTLED = "settled/";
  public static final String HOSTS = "host/";

  /// Values kept as objects, so that what is touched again and again is not read from JSON each
  /// time.
  private static final int KEPT = 4096;

  private final KeyValues store;
  private final Map<String, Object> kept =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Object> eldest) {
          return size() > KEPT;
        }
      };

  public Memory(KeyValues store) {
    this.store = store;
  }

  <T> @Nullable T get(String table, String key, Class<T> type) {
    Object known = kept.get(table + key);
    if (known != null) {
      return type.cast(known);
    }
    byte[] value = store.get(table + key);
    if (value == null) {
      return null;
    }
    T read = Json.read(value, type);
    kept.put(table + key, read);
    return read;
  }

  void put(String table, String key, @Nullable Object value) {
    if (value == null) {
      kept.remove(table + key);
      store.put(table + key, null);
    } else {
      kept.put(table + key, value);
      store.put(
          table + key,
          value instanceof Activity activity ? ActivityJson.write(activity) : Json.write(value));
    }
  }

  /// @param entry the table and the key, as `range` returns them
  void forget(String entry) {
    kept.remove(entry);
    store.put(entry, null);
  }

  /// The entries of a table from one key on and before another.
  List<Map.Entry<String, byte[]>> range(String table, String from, String to) {
    return store.range(table + from, table + to);
  }

  /// Reads an activity, running or stopped, of the table `ACTIVITIES`.
  public static Build activity(byte[] value) {
    return Json.read(value, Activity.class).view();
  }

  /// Reads a session of the table `SESSIONS`.
  public static Session openSession(byte[] value) {
    return Json.read(value, OpenSession.class).view(null, null);
  }

  /// Reads a session of the table `ENDED`.
  public static Session endedSession(byte[] value) {
    return Json.read(value, EndedSession.class).session();
  }
}
