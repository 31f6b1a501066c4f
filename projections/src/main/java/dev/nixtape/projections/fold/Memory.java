package dev.nixtape.projections.fold;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.Session;
import dev.nixtape.projections.tape.SessionId;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// What the fold remembers between entries, in one ordered map.
///
/// | key | value |
/// |---|---|
/// | `session/HOST/ID` | an open session |
/// | `ended/HOST/ID` | a session that ended, as answers show it |
/// | `invocation/…` | a run of a Nix program with open sessions |
/// | `activity/HOST/NIXID` | an activity that is not settled |
/// | `inner/HOST/NIXID` | the id of the build that a remote machine's account of it belongs to |
/// | `goals/HOST/PID/KIND` | a worker's counters |
/// | `settled/HOST/NIXID` | when an activity ended that a slower stream may yet tell of |
/// | `built/HOST/DRVPATH` | the last build of a derivation, until somebody says what it used |
/// | `host/HOST` | what ended on a host, in total |
public final class Memory {
  public static final String ENDED = "ended/";
  public static final String HOSTS = "host/";
  static final String SESSIONS = "session/";
  static final String ACTIVITIES = "activity/";
  static final String INNER = "inner/";
  static final String INVOCATIONS = "invocation/";
  static final String GOALS = "goals/";
  static final String SETTLED = "settled/";
  static final String BUILT = "built/";

  /// Behind every key of a table.
  private static final String LAST = "\uffff";

  /// Values kept as objects, so that what is touched again and again is not read from JSON each
  /// time.
  private static final int KEPT = 4096;

  private final KeyValues store;

  /// What is live is kept whole: nearly every question is about it, and a store is slow to range
  /// over where much was deleted. Any thread may read it.
  private final Map<String, Activity> activities = new ConcurrentHashMap<>();

  private final Map<String, OpenSession> sessions = new ConcurrentHashMap<>();

  /// Nearly always empty, and asked about every activity that an entry touches.
  private final Map<String, Long> inner = new TreeMap<>();

  private final Map<String, Object> kept =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Object> eldest) {
          return size() > KEPT;
        }
      };

  /// What was remembered in that store.
  public Memory(KeyValues store) {
    this.store = store;
    store
        .range(ACTIVITIES, ACTIVITIES + LAST)
        .forEach(entry ->
            activities.put(
                entry.getKey().substring(ACTIVITIES.length()),
                Json.read(entry.getValue(), Activity.class)));
    store
        .range(SESSIONS, SESSIONS + LAST)
        .forEach(entry ->
            sessions.put(
                entry.getKey().substring(SESSIONS.length()),
                Json.read(entry.getValue(), OpenSession.class)));
    store
        .range(INNER, INNER + LAST)
        .forEach(entry ->
            inner.put(
                entry.getKey().substring(INNER.length()), Json.read(entry.getValue(), Long.class)));
  }

  /// The activities that are not settled, as answers show them.
  public List<Build> activities() {
    return activities.values().stream().map(Activity::view).toList();
  }

  /// The open sessions, as answers show them.
  public List<Session> sessions() {
    return sessions.values().stream().map(session -> session.view(null, null)).toList();
  }

  @Nullable Activity activity(String key) {
    return activities.get(key);
  }

  /// The live builds of a derivation on a host that had begun at a time, the first begun first.
  List<Activity> builds(String host, String drvPath, Instant at) {
    return activities.values().stream()
        .filter(activity ->
            activity.subject().kind() == Build.Kind.BUILD
                && drvPath.equals(activity.subject().drvPath())
                && activity.identity().host().equals(host)
                && !activity.course().startedAt().isAfter(at))
        .sorted(
            Comparator.comparing((Activity activity) -> activity.course().startedAt())
                .thenComparing(activity -> activity.identity().id()))
        .toList();
  }

  void putActivity(String key, @Nullable Activity activity) {
    if (activity == null) {
      activities.remove(key);
      store.put(ACTIVITIES + key, null);
    } else {
      activities.put(key, activity);
      store.put(ACTIVITIES + key, ActivityJson.write(activity));
    }
  }

  /// The build to which the activity `key` belongs as a remote machine's account of it.
  @Nullable Long outer(String key) {
    return inner.get(key);
  }

  void putInner(String key, long outer) {
    inner.put(key, outer);
    store.put(INNER + key, Json.write(outer));
  }

  /// Forgets which activities of a host belong to a build, and returns their keys.
  List<String> dropInner(String host, long outer) {
    List<String> dropped =
        inner.entrySet().stream()
            .filter(entry -> entry.getValue() == outer && entry.getKey().startsWith(host + "/"))
            .map(Map.Entry::getKey)
            .toList();
    for (String key : dropped) {
      inner.remove(key);
      store.put(INNER + key, null);
    }
    return dropped;
  }

  @Nullable OpenSession session(SessionId id) {
    return sessions.get(id.key());
  }

  void putSession(OpenSession session) {
    sessions.put(session.id().key(), session);
    store.put(SESSIONS + session.id().key(), Json.write(session));
  }

  void dropSession(SessionId id) {
    sessions.remove(id.key());
    store.put(SESSIONS + id.key(), null);
  }

  List<OpenSession> sessionsOf(String host) {
    return sessions.values().stream().filter(session -> session.id().host().equals(host)).toList();
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
      forget(table + key);
    } else {
      kept.put(table + key, value);
      store.put(table + key, Json.write(value));
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

  /// Reads a session of the table `ENDED`.
  public static Session endedSession(byte[] value) {
    return Json.read(value, EndedSession.class).session();
  }
}
