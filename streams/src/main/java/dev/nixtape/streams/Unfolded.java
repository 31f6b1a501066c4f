package dev.nixtape.streams;

import dev.nixtape.projections.Behind;
import dev.nixtape.projections.tape.Topic;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.OffsetSpec;

/// What the log holds and the folds of this process have not folded yet.
final class Unfolded {
  private final LiveView live;
  private final Topics topics;
  private final LogReader log;

  Unfolded(LiveView live, Topics topics, LogReader log) {
    this.live = live;
    this.topics = topics;
    this.log = log;
  }

  /// Of each partition that this process folds. What a transaction's marker takes up counts as a
  /// record; no shim writes one.
  Map<Integer, Behind> byPartition() throws IOException {
    Map<Integer, Reached> folds = live.reached();
    // Before the folds are looked at: what they fold while Kafka answers is not behind.
    Map<Integer, Long> ends = topics.offsets(Topic.LOG, folds.keySet(), OffsetSpec.latest());
    Map<Integer, Long> next = new TreeMap<>();
    next(folds)
        .forEach((partition, offset) -> {
          if (offset < of(ends, partition)) {
            next.put(partition, offset);
          }
        });
    Map<Integer, Behind> behind = new TreeMap<>();
    folds.keySet().forEach(partition -> behind.put(partition, Behind.NOTHING));
    if (next.isEmpty()) {
      return behind;
    }
    // What the log no longer holds is not behind: nobody will ever fold it.
    topics
        .offsets(Topic.LOG, next.keySet(), OffsetSpec.earliest())
        .forEach((partition, first) -> next.merge(partition, first, Math::max));
    Map<Integer, Instant> oldest = log.arrivals(next);
    Instant now = Instant.now();
    next.forEach((partition, offset) -> {
      Instant arrived = oldest.get(partition);
      long records = Math.max(0, of(ends, partition) - offset);
      behind.put(
          partition,
          records == 0
              ? Behind.NOTHING
              : new Behind(
                  records, arrived == null ? null : Math.max(0, arrived.until(now).toMillis())));
    });
    return behind;
  }

  private Map<Integer, Long> next(Map<Integer, Reached> folds) throws IOException {
    Set<Integer> silent =
        folds.entrySet().stream()
            .filter(fold -> fold.getValue().next().isEmpty())
            .map(Map.Entry::getKey)
            .collect(Collectors.toSet());
    if (!silent.isEmpty()) {
      // Nothing came since it began: it stands where the last commit says, or, before any, at the
      // log's beginning.
      Map<Integer, Long> began =
          new TreeMap<>(topics.offsets(Topic.LOG, silent, OffsetSpec.earliest()));
      began.putAll(topics.committed(StreamsNode.APPLICATION, Topic.LOG));
      silent.forEach(
          partition -> Objects.requireNonNull(folds.get(partition)).began(of(began, partition)));
    }
    Map<Integer, Long> next = new TreeMap<>();
    folds.forEach((partition, fold) -> fold.next().ifPresent(at -> next.put(partition, at)));
    return next;
  }

  private static long of(Map<Integer, Long> offsets, int partition) {
    return Objects.requireNonNull(offsets.get(partition));
  }
}
