package dev.nixtape.projections.derivations;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Session;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Why something was built: what asked for it, and what changed since the last build of its
/// package.
///
/// @param build the one that is explained; null when it was not built yet
/// @param sessions of its run, the client's first
/// @param chain from a root of the run down to it, both included; empty when nobody knows it
/// @param previous the build before it, of the same package and system; null when there was none
/// @param comparison what can be said of the two
/// @param changes between the two derivations
/// @param causes of changed inputs
public record Why(
    String drvPath,
    String name,
    @Nullable Build build,
    List<Session> sessions,
    List<Needed> chain,
    @Nullable Build previous,
    Comparison comparison,
    List<Change> changes,
    List<Cause> causes) {

  public Why {
    sessions = List.copyOf(sessions);
    chain = List.copyOf(chain);
    changes = List.copyOf(changes);
    causes = List.copyOf(causes);
  }

  /// A derivation in a chain of which each needs the next.
  public record Needed(String drvPath, String name) {}

  public enum Comparison {
    /// There was no build before it.
    NONE,
    /// That was of the same derivation.
    SAME,
    /// Of another one: `changes` says how they differ.
    OTHER,
    /// Of another one; nobody read both.
    UNREAD;

    @com.fasterxml.jackson.annotation.JsonValue
    public String json() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /// Compares a derivation with that of the build before.
  public static Why of(
      String drvPath,
      String name,
      @Nullable Build build,
      List<Session> sessions,
      List<Needed> chain,
      @Nullable Build previous,
      Library library) {
    Comparison comparison = Comparison.NONE;
    List<Change> changes = List.of();
    List<Cause> causes = List.of();
    String before = previous == null ? null : previous.drvPath();
    if (before != null) {
      Map<String, KnownDerivation> both = new HashMap<>();
      library.derivations(List.of(before, drvPath)).forEach(each -> both.put(each.drvPath(), each));
      KnownDerivation old = both.get(before);
      KnownDerivation young = both.get(drvPath);
      if (before.equals(drvPath)) {
        comparison = Comparison.SAME;
      } else if (old == null || young == null) {
        comparison = Comparison.UNREAD;
      } else {
        comparison = Comparison.OTHER;
        changes = Change.between(old, young);
        causes = Cause.of(old, young, library);
      }
    }
    return new Why(drvPath, name, build, sessions, chain, previous, comparison, changes, causes);
  }
}
