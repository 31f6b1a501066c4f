package dev.nixtape.control;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;

/// What is to be done to one build is done in its order; different builds do not wait for each
/// other.
final class Lanes {
  /// What is done last in each lane that has something to do.
  private final ConcurrentMap<String, CompletableFuture<Void>> last = new ConcurrentHashMap<>();

  private final Executor executor;

  Lanes(Executor executor) {
    this.executor = executor;
  }

  void add(String lane, Runnable task) {
    CompletableFuture<Void> mine =
        last.compute(
            lane,
            (_, before) ->
                (before == null ? CompletableFuture.<Void>completedFuture(null) : before)
                    .handleAsync(
                        (_, _) -> {
                          task.run();
                          return null;
                        },
                        executor));
    var _ = mine.whenComplete((_, _) -> last.remove(lane, mine));
  }
}
