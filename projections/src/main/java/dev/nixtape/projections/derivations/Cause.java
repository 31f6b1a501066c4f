package dev.nixtape.projections.derivations;

import dev.nixtape.projections.nix.StorePath;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A derivation, needed directly or not, that really is another one: not only because something
/// that it needs is.
///
/// @param name after the change
/// @param via names from what was asked about down to it, without both
/// @param read whether both derivations are known; when not, nobody knows what changed in it
public record Cause(
    String name,
    String beforeDrvPath,
    String afterDrvPath,
    List<String> via,
    boolean read,
    List<Change> changes) {

  /// Pairs of derivations that are compared at most.
  private static final int MAX_PAIRS = 5_000;

  public Cause {
    via = List.copyOf(via);
    changes = List.copyOf(changes);
  }

  private record Step(Change.Pair pair, List<String> via) {}

  /// Looks for the causes of the differences of two derivations' inputs: where an input differs
  /// only because one of its own does, in that one; each cause once.
  static List<Cause> of(KnownDerivation before, KnownDerivation after, Library library) {
    List<Cause> causes = new ArrayList<>();
    Set<Change.Pair> compared = new HashSet<>();
    List<Step> level = steps(before, after, List.of());
    while (!level.isEmpty() && compared.size() < MAX_PAIRS) {
      Set<String> paths = new LinkedHashSet<>();
      level.forEach(step -> paths.addAll(List.of(step.pair.before(), step.pair.after())));
      Map<String, KnownDerivation> known = new HashMap<>();
      library.derivations(paths).forEach(each -> known.put(each.drvPath(), each));
      List<Step> next = new ArrayList<>();
      for (Step step : level) {
        if (compared.add(step.pair)) {
          compare(step, known, causes, next);
        }
      }
      level = next;
    }
    return causes;
  }

  private static void compare(
      Step step, Map<String, KnownDerivation> known, List<Cause> causes, List<Step> next) {
    KnownDerivation old = known.get(step.pair.before());
    KnownDerivation young = known.get(step.pair.after());
    if (old == null || young == null) {
      causes.add(cause(step, false, List.of()));
    } else if (!Change.sameOutputs(old, young)) {
      List<Change> changes = Change.between(old, young);
      if (changes.stream().anyMatch(Change::own) || changes.isEmpty()) {
        causes.add(cause(step, true, changes));
      } else {
        List<String> via = new ArrayList<>(step.via);
        via.add(young.name());
        next.addAll(steps(old, young, via));
      }
    }
  }

  private static Cause cause(Step step, boolean read, List<Change> changes) {
    return new Cause(
        StorePath.name(step.pair.after()),
        step.pair.before(),
        step.pair.after(),
        step.via,
        read,
        changes);
  }

  private static List<Step> steps(KnownDerivation before, KnownDerivation after, List<String> via) {
    return Change.inputs(before, after).stream().map(pair -> new Step(pair, via)).toList();
  }
}
