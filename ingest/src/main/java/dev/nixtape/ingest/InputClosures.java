package dev.nixtape.ingest;

import dev.nixtape.projections.nix.Derivation;
import dev.nixtape.projections.tape.Observation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// The derivations that builds need, down to the last, each read once: a build's own file names
/// them, and Nix tells of them only with `-vvv`.
///
/// They are many, and nobody waits for them: read a few at a time, between what cannot wait.
final class InputClosures {
  /// Files that are read for one build.
  static final int MAX_FILES = 20_000;

  /// Files from one chance of others to be looked at to the next.
  private static final int SLICE = 16;

  /// Opens the store that a session's peer sees.
  interface Stores {
    PeerStore of(Recording teller, Path folder) throws IOException;
  }

  private final Stores stores;
  private final SeenPaths seen = new SeenPaths();
  private final Map<Recording, Reading> readings = new LinkedHashMap<>();

  /// What is still to be read in a session, and what to do when that is done.
  private static final class Reading {
    final Queue<Wanted> wanted = new ArrayDeque<>();
    @Nullable Runnable last;
  }

  private static final class Need {
    final long activity;
    final Path folder;
    int left = MAX_FILES;

    Need(long activity, Path folder) {
      this.activity = activity;
      this.folder = folder;
    }
  }

  private record Wanted(Need need, String drvPath) {}

  InputClosures(Stores stores) {
    this.stores = stores;
  }

  /// A build's derivation was read and told; what it needs is to be.
  void wanted(Recording teller, long activity, Path folder, String drvPath, Derivation derivation) {
    seen.add(drvPath);
    want(teller, new Need(activity, folder), derivation.inputDrvs().keySet());
  }

  private void want(Recording teller, Need need, Collection<String> drvPaths) {
    for (String drvPath : drvPaths) {
      if (need.left > 0 && seen.add(drvPath)) {
        need.left--;
        readings.computeIfAbsent(teller, _ -> new Reading()).wanted.add(new Wanted(need, drvPath));
      }
    }
  }

  boolean isEmpty() {
    return readings.isEmpty();
  }

  /// Runs `last` when nothing more is to be read in that session.
  void finish(Recording teller, Runnable last) {
    Reading reading = readings.get(teller);
    if (reading == null) {
      last.run();
    } else {
      reading.last = last;
    }
  }

  /// Reads on, a little, for the session whose turn it is.
  void readOn() {
    var turn = readings.entrySet().iterator();
    if (!turn.hasNext()) {
      return;
    }
    Map.Entry<Recording, Reading> next = turn.next();
    Recording teller = next.getKey();
    Reading reading = next.getValue();
    for (int files = 0; files < SLICE && !reading.wanted.isEmpty(); files++) {
      read(teller, reading.wanted.remove());
    }
    readings.remove(teller);
    if (!reading.wanted.isEmpty()) {
      readings.put(teller, reading);
    } else if (reading.last != null) {
      reading.last.run();
    }
  }

  private void read(Recording teller, Wanted wanted) {
    // The room that is left belongs to what Nix says.
    if (teller.hasRoom()) {
      try {
        String text = stores.of(teller, wanted.need.folder).derivation(wanted.drvPath);
        Derivation derivation = Derivation.parse(text);
        teller.observed(
            new Observation.DerivationKnown(wanted.need.activity, wanted.drvPath, text));
        want(teller, wanted.need, derivation.inputDrvs().keySet());
        return;
      } catch (IOException | RuntimeException _) {
        // Not there, or not for us to read: what needs it says that it does.
      }
    }
    seen.forget(wanted.drvPath);
  }

  /// Leaves unread what is.
  void giveUp() {
    for (Reading reading : readings.values()) {
      if (reading.last != null) {
        reading.last.run();
      }
    }
    readings.clear();
  }
}
