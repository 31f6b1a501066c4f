package dev.nixtape.ingest;

import dev.nixtape.projections.nix.Derivation;
import dev.nixtape.projections.tape.Observation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
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

  /// What a client asked for, at most.
  private static final int MAX_TOPS = 100;

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

  /// What is read for one build, or for one plan.
  private static final class Need {
    final long activity;
    final Path folder;
    int left = MAX_FILES;

    Need(long activity, Path folder) {
      this.activity = activity;
      this.folder = folder;
    }
  }

  /// What a client is about to have built.
  private static final class Plan {
    /// Those that none of the others that were read needs.
    final Set<String> tops;

    int left;

    Plan(Collection<String> drvPaths) {
      tops = new LinkedHashSet<>(drvPaths);
      left = tops.size();
    }
  }

  /// @param plan that it stands in; null for what is only needed
  private record Wanted(Need need, String drvPath, @Nullable Plan plan) {}

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
        readings
            .computeIfAbsent(teller, _ -> new Reading())
            .wanted
            .add(new Wanted(need, drvPath, null));
      }
    }
  }

  /// Of what is planned every file is read, also one that is known: together they say what was
  /// asked for.
  void planned(Recording teller, Path folder, List<String> drvPaths) {
    Need need = new Need(0, folder);
    Plan plan = new Plan(drvPaths);
    Reading reading = readings.computeIfAbsent(teller, _ -> new Reading());
    plan.tops.forEach(drvPath -> reading.wanted.add(new Wanted(need, drvPath, plan)));
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
    Derivation derivation = teller.hasRoom() ? derivation(teller, wanted) : null;
    Set<String> inputs = derivation == null ? Set.of() : derivation.inputDrvs().keySet();
    if (derivation == null) {
      seen.forget(wanted.drvPath);
    }
    want(teller, wanted.need, inputs);
    Plan plan = wanted.plan;
    if (plan != null) {
      plan.tops.removeAll(derivation == null ? Set.of(wanted.drvPath) : inputs);
      plan.left--;
      if (plan.left == 0 && !plan.tops.isEmpty()) {
        teller.observed(new Observation.Planned(plan.tops.stream().limit(MAX_TOPS).toList()));
      }
    }
  }

  private @Nullable Derivation derivation(Recording teller, Wanted wanted) {
    try {
      String text = stores.of(teller, wanted.need.folder).derivation(wanted.drvPath);
      Derivation derivation = Derivation.parse(text);
      if (wanted.plan == null || seen.add(wanted.drvPath)) {
        teller.observed(
            new Observation.DerivationKnown(wanted.need.activity, wanted.drvPath, text));
      }
      return derivation;
    } catch (IOException | RuntimeException _) {
      // Not there, or not for us to read: what needs it says that it does.
      return null;
    }
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
