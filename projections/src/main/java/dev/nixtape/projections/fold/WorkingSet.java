package dev.nixtape.projections.fold;

import dev.nixtape.projections.Build;
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
  private final Map<Long, Touched<Activity>> activities = new HashMap<>();
  private final Map<String, Touched<Goals>> goals = new HashMap<>();
  private final Map<String, Touched<Invocation>> invocations = new HashMap<>();
  private String host = "";

  WorkingSet(Memory memory) {
    this.memory = memory;
  }

  /// Null when it is not live. All activities of one entry are of one host.
  @Nullable Activity activity(String host, long nixId) {
    return touch(host, nixId).now;
  }

  private Touched<Activity> touch(String host, long nixId) {
    this.host = host;
    Touched<Activity> touched = activities.get(nixId);
    if (touched == null) {
      touched =
          new Touched<>(
              memory.get(Memory.ACTIVITIES, Fold.activityKey(host, nixId), Activity.class));
      activities.put(nixId, touched);
    }
    return touched;
  }

  void put(Activity activity) {
    touch(activity.identity().host(), activity.identity().nixId()).now = activity;
  }

  void drop(Activity activity) {
    touch(activity.identity().host(), activity.identity().nixId()).now = null;
  }

  /// The key of a worker's goals: the worker is the process that opened the activity, the upper
  /// half of its id.
  static String worker(String host, long nixId, Build.Kind kind) {
    return host + "/" + (nixId >>> 32) + "/" + kind.json();
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
    activities.forEach(
        (nixId, activity) -> write(Memory.ACTIVITIES, Fold.activityKey(host, nixId), activity));
    goals.forEach((key, changed) -> write(Memory.GOALS, key, changed));
    invocations.forEach((key, changed) -> write(Memory.INVOCATIONS, key, changed));
    activities.clear();
    goals.clear();
    invocations.clear();
  }

  private void write(String table, String key, Touched<?> touched) {
    if (!Objects.equals(touched.now, touched.before)) {
      memory.put(table, key, touched.now);
    }
  }
}
