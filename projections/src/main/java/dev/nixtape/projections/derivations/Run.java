package dev.nixtape.projections.derivations;

import dev.nixtape.projections.Build;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The builds and substitutions of a run, by what they were for.
public final class Run {
  private final Map<String, Build> byDerivation = new HashMap<>();
  private final Map<String, Build> byOutput = new HashMap<>();

  public Run(Collection<Build> activities) {
    for (Build activity : activities) {
      if (activity.kind() == Build.Kind.BUILD && activity.drvPath() != null) {
        byDerivation.merge(activity.drvPath(), activity, Run::later);
      } else if (activity.kind() == Build.Kind.SUBSTITUTE && activity.storePath() != null) {
        byOutput.merge(activity.storePath(), activity, Run::later);
      }
    }
  }

  /// What was done for a derivation last.
  Optional<Build> of(Node node) {
    return Stream.concat(
            Stream.ofNullable(byDerivation.get(node.drvPath())),
            node.outputs().stream().flatMap(output -> Stream.ofNullable(byOutput.get(output))))
        .reduce(Run::later);
  }

  private static Build later(Build one, Build other) {
    return other.startedAt().isBefore(one.startedAt()) ? one : other;
  }
}
