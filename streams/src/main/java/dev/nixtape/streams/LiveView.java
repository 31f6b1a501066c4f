package dev.nixtape.streams;

import dev.nixtape.projections.Amendment;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Session;
import dev.nixtape.projections.fold.Memory;
import dev.nixtape.projections.history.History;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/// What is live on the partitions of this process, as the folds remember it, and what finished and
/// is on its way through `nixtape.builds` to a history: no answer misses it meanwhile. None of it
/// is kept here: a fold remembers in its store, and after a restart the histories catch up before
/// anybody asks.
final class LiveView {
  /// Far longer than the way takes. A history in another process does not say what reached it.
  private static final Duration KEPT = Duration.ofSeconds(10);

  private final Map<Integer, Folding> folds = new ConcurrentHashMap<>();
  private final Map<Integer, History> histories = new ConcurrentHashMap<>();
  private final Map<String, Recent> facts = new ConcurrentHashMap<>();

  private record Folding(Memory memory, Reached reached) {}

  private record Recent(Build build, long since) {}

  /// The fold of a partition begins with what it remembers, and says from now on how far it is.
  Reached opened(int partition, Memory memory) {
    Reached reached = new Reached();
    folds.put(partition, new Folding(memory, reached));
    return reached;
  }

  /// The fold of a partition ended or went to another process.
  void closed(int partition, Memory memory) {
    folds.computeIfPresent(partition, (_, fold) -> fold.memory == memory ? null : fold);
  }

  /// What runs, and of some kinds what is on its way to a history; each once: what ended while this
  /// was read has ended.
  Collection<Build> of(Set<Build.Kind> endedKinds) {
    Map<String, Build> all = new LinkedHashMap<>();
    activities().forEach(build -> all.put(build.id(), build));
    for (Recent recent : facts.values()) {
      if (endedKinds.contains(recent.build.kind())) {
        all.put(recent.build.id(), recent.build);
      }
    }
    return all.values();
  }

  List<Build> activities() {
    return folds.values().stream().flatMap(fold -> fold.memory.activities().stream()).toList();
  }

  List<Session> sessions() {
    return folds.values().stream().flatMap(fold -> fold.memory.sessions().stream()).toList();
  }

  /// What the fold of a partition remembers; nothing when it is not here.
  Optional<Memory> memory(int partition) {
    return Optional.ofNullable(folds.get(partition)).map(Folding::memory);
  }

  /// The history of a partition is open, until another is.
  void opened(int partition, History history) {
    histories.put(partition, history);
  }

  void closed(int partition, History history) {
    histories.remove(partition, history);
  }

  /// The history of a partition; nothing when it is not here.
  Optional<History> history(int partition) {
    return Optional.ofNullable(histories.get(partition));
  }

  /// How far each fold is, by partition.
  Map<Integer, Reached> reached() {
    Map<Integer, Reached> reached = new TreeMap<>();
    folds.forEach((partition, fold) -> reached.put(partition, fold.reached));
    return reached;
  }

  void finished(Build build) {
    facts.put(build.id(), new Recent(build, System.nanoTime()));
  }

  void amended(Amendment amendment) {
    facts.computeIfPresent(
        amendment.id(),
        (_, recent) -> new Recent(recent.build.withUsed(amendment.used()), recent.since));
  }

  /// It is in a history of this process.
  void arrived(Build build) {
    facts.remove(build.id());
  }

  /// To be called now and then.
  void forgetOld() {
    long now = System.nanoTime();
    facts.values().removeIf(recent -> now - recent.since > KEPT.toNanos());
  }
}
