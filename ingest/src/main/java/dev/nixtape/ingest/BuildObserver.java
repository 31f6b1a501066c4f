package dev.nixtape.ingest;

import dev.nixtape.projections.nix.Derivation;
import dev.nixtape.projections.tape.Observation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Looks at a build's derivation when it starts and at its outputs when it stops, on a thread of
/// its own, in the order told; and, when nothing of that is to be done, at the derivations that it
/// needs.
///
/// A client and its daemon's worker tell of the same build under the same id: it is observed once,
/// in the session that told of it first and is still open.
final class BuildObserver implements AutoCloseable {
  private static final int MAX_PENDING = 10_000;
  private static final int MAX_REMEMBERED = 10_000;

  private final Host host;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("nixtape-observer").factory());
  private final AtomicInteger pending = new AtomicInteger();

  private final Map<Long, Watched> open = new HashMap<>();
  private final Map<Recording, PeerStore> stores = new HashMap<>();
  private final InputClosures closures = new InputClosures(this::storeOf);

  /// The derivations of builds that are over, by id: their start may still be told by the slower of
  /// two streams.
  private final Map<Long, String> over =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, String> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  /// A build that was seen to start.
  private record Watched(String drvPath, List<String> outputs, SequencedSet<Recording> tellers) {}

  BuildObserver(Host host) {
    this.host = host;
  }

  void started(Recording teller, long activity, String drvPath) {
    later(() -> observeStart(teller, activity, drvPath));
  }

  /// A client is about to have these built.
  void planned(Recording teller, List<String> drvPaths) {
    later(() -> {
      try {
        boolean idle = closures.isEmpty();
        closures.planned(teller, PeerStore.folder(drvPaths.getFirst()), drvPaths);
        if (idle) {
          readOnLater();
        }
      } catch (IOException | RuntimeException _) {
        // What is no path is no plan.
      }
    });
  }

  void stopped(Recording teller, long activity) {
    later(() -> observeStop(teller, activity));
  }

  /// Runs `close` behind everything that is still to be said in that session.
  void closing(Recording teller, Runnable close) {
    thread.execute(() ->
        closures.finish(
            teller,
            () -> {
              forget(teller);
              close.run();
            }));
  }

  /// Finishes what was told so far; of what builds need, the rest stays unread.
  @Override
  public void close() {
    thread.execute(closures::giveUp);
    thread.shutdown();
    try {
      if (!thread.awaitTermination(700, TimeUnit.MILLISECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void later(Runnable look) {
    if (pending.incrementAndGet() > MAX_PENDING) {
      pending.decrementAndGet();
      return;
    }
    thread.execute(() -> {
      pending.decrementAndGet();
      look.run();
    });
  }

  private void observeStart(Recording teller, long activity, String drvPath) {
    if (drvPath.equals(over.get(activity))) {
      return;
    }
    Watched watched = open.get(activity);
    if (watched != null && watched.drvPath().equals(drvPath)) {
      watched.tellers().add(teller);
      return;
    }
    try {
      Path folder = PeerStore.folder(drvPath);
      PeerStore store = storeOf(teller, folder);
      String text = store.derivation(drvPath);
      Derivation derivation = Derivation.parse(text);
      List<String> outputs = outputs(derivation);
      List<String> present = new ArrayList<>();
      for (String output : outputs) {
        if (store.registered(output)) {
          present.add(output);
        }
      }
      SequencedSet<Recording> tellers = new LinkedHashSet<>();
      tellers.add(teller);
      open.put(activity, new Watched(drvPath, outputs, tellers));
      teller.observed(new Observation.DerivationRead(activity, drvPath, text, present));
      boolean idle = closures.isEmpty();
      closures.wanted(teller, activity, folder, drvPath, derivation);
      if (idle) {
        readOnLater();
      }
    } catch (IOException | RuntimeException e) {
      unreadable(teller, activity, drvPath, e);
    }
  }

  /// Behind all that is told by then.
  private void readOnLater() {
    if (!closures.isEmpty()) {
      try {
        thread.execute(() -> {
          closures.readOn();
          readOnLater();
        });
      } catch (RejectedExecutionException _) {
        // The shim stops.
      }
    }
  }

  private void observeStop(Recording teller, long activity) {
    Watched watched = open.remove(activity);
    if (watched == null) {
      return;
    }
    Recording first = watched.tellers().isEmpty() ? teller : watched.tellers().getFirst();
    try {
      PeerStore store = storeOf(first, PeerStore.folder(watched.drvPath()));
      List<String> present = new ArrayList<>();
      List<String> absent = new ArrayList<>();
      for (String output : watched.outputs()) {
        (store.registered(output) ? present : absent).add(output);
      }
      over.put(activity, watched.drvPath());
      first.observed(new Observation.OutputsChecked(activity, watched.drvPath(), present, absent));
    } catch (IOException | RuntimeException e) {
      unreadable(first, activity, watched.drvPath(), e);
    }
  }

  private void unreadable(Recording teller, long activity, String drvPath, Exception e) {
    open.remove(activity);
    over.put(activity, drvPath);
    String message = e.getMessage();
    teller.observed(
        new Observation.Unreadable(
            activity, drvPath, message == null ? e.getClass().getSimpleName() : message));
  }

  private static List<String> outputs(Derivation derivation) throws IOException {
    List<String> outputs = derivation.outputs().stream().map(Derivation.Output::path).toList();
    if (outputs.contains("")) {
      throw new IOException("its outputs' paths depend on their contents");
    }
    return outputs;
  }

  private PeerStore storeOf(Recording teller, Path folder) throws IOException {
    PeerStore store = stores.get(teller);
    if (store != null && !store.folder().equals(folder)) {
      store.close();
      store = null;
    }
    if (store == null) {
      store = PeerStore.open(host, teller.source().peer(), folder);
      stores.put(teller, store);
    }
    return store;
  }

  private void forget(Recording teller) {
    open.values().removeIf(build -> build.tellers().remove(teller) && build.tellers().isEmpty());
    PeerStore store = stores.remove(teller);
    if (store != null) {
      store.close();
    }
  }
}
