package dev.nixtape.streams;

import dev.nixtape.projections.Build;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What finished and is on its way from the fold through `nixtape.builds` to a history, so that no
/// answer misses it meanwhile. It is in no store: after a restart the histories catch up before
/// anybody asks.
final class RecentFacts {
  /// Far longer than the way takes. A history in another process does not say what reached it.
  private static final Duration KEPT = Duration.ofSeconds(10);

  private final Map<String, Recent> facts = new ConcurrentHashMap<>();

  private record Recent(Build build, long since) {}

  void add(Build build) {
    facts.put(build.id(), new Recent(build, System.nanoTime()));
  }

  /// It is in a history of this process.
  void arrived(Build build) {
    facts.remove(build.id());
  }

  List<Build> of(Set<Build.Kind> kinds) {
    List<Build> found = new ArrayList<>();
    for (Recent recent : facts.values()) {
      if (kinds.contains(recent.build.kind())) {
        found.add(recent.build);
      }
    }
    return found;
  }

  /// To be called now and then.
  void forgetOld() {
    long now = System.nanoTime();
    facts.values().removeIf(recent -> now - recent.since > KEPT.toNanos());
  }
}
