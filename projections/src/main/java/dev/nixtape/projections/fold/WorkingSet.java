package dev.nixtape.projections.fold;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.nix.NixEvent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What one entry touches: read once from the memory, changed here, written once.
final class WorkingSet {
  /// The kinds of goals that a worker counts.
  static final List<Build.Kind> COUNTED = List.of(Build.Kind.BUILD, Build.Kind.SUBSTITUTE);

  /// A value as it was read and as it is now.
  private static final class Touched<T> {
    private final @Nullable T before;
    private @Nullable T now;

    Touched(@Nullable T before) {
      this.before = before;
      this.now = before;
    }
  }

  private final Memory memory;
  private final Map<Long, TouchedActivity> activities = new HashMap<>();
  private final Map<String, Touched<Goals>> goals = new HashMap<>();
  private final Map<String, Touched<Invocation>> invocations = new HashMap<>();
  private long lastId;
  private @Nullable TouchedActivity last;

  WorkingSet(Memory memory) {
    this.memory = memory;
  }

  /// Null when it is not live.
  @Nullable Activity activity(String host, long nixId) {
    return touch(host, nixId).now();
  }

  /// All activities of one entry are of one host.
  TouchedActivity touch(String host, long nixId) {
    // Most results are of the same activity as the one before.
    if (last != null && lastId == nixId) {
      return last;
    }
    TouchedActivity touched = activities.get(nixId);
    if (touched == null) {
      String key = Fold.activityKey(host, nixId);
      Long outer = memory.outer(key);
      if (outer == null) {
        touched = new TouchedActivity(key, memory.activity(key));
        activities.put(nixId, touched);
      } else {
        touched = touch(host, outer);
      }
    }
    lastId = nixId;
    last = touched;
    return touched;
  }

  /// Whether it is a remote machine's account of a build.
  boolean isInner(String host, long nixId) {
    return memory.outer(Fold.activityKey(host, nixId)) != null;
  }

  /// What is told of the activity `inner` belongs to a build from now on.
  void adopt(Activity build, long inner) {
    activities.remove(inner);
    last = null;
    memory.putInner(Fold.activityKey(build.identity().host(), inner), build.identity().nixId());
  }

  void put(Activity activity) {
    touch(activity.identity().host(), activity.identity().nixId()).become(activity);
  }

  void drop(Activity activity) {
    touch(activity.identity().host(), activity.identity().nixId()).become(null);
  }

  /// The key of the goals of the worker that opened an activity.
  static String worker(String host, long nixId, Build.Kind kind) {
    return host + "/" + NixEvent.opener(nixId) + "/" + kind.json();
  }

  @Nullable Goals goals(String worker) {
    return touchGoals(worker).now;
  }

  private Touched<Goals> touchGoals(String worker) {
    return goals.computeIfAbsent(
        worker, key -> new Touched<>(memory.get(Memory.GOALS, key, Goals.class)));
  }

  void put(String worker, @Nullable Goals changed) {
    touchGoals(worker).now = changed;
  }

  Invocation invocation(String key) {
    Invocation known = touchInvocation(key).now;
    return known == null ? Invocation.empty(key) : known;
  }

  private Touched<Invocation> touchInvocation(String key) {
    return invocations.computeIfAbsent(
        key, k -> new Touched<>(memory.get(Memory.INVOCATIONS, k, Invocation.class)));
  }

  void put(Invocation changed) {
    touchInvocation(changed.key()).now = changed;
  }

  void drop(Invocation invocation) {
    touchInvocation(invocation.key()).now = null;
  }

  void write() {
    for (TouchedActivity activity : activities.values()) {
      if (activity.changed()) {
        memory.putActivity(activity.key, activity.now());
      }
    }
    goals.forEach((key, changed) -> write(Memory.GOALS, key, changed));
    invocations.forEach((key, changed) -> write(Memory.INVOCATIONS, key, changed));
    activities.clear();
    last = null;
    goals.clear();
    invocations.clear();
  }

  private void write(String table, String key, Touched<?> touched) {
    if (!Objects.equals(touched.now, touched.before)) {
      memory.put(table, key, touched.now);
    }
  }
}
