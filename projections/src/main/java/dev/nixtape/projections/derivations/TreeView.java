package dev.nixtape.projections.derivations;

import dev.nixtape.projections.Build;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A dependency tree as an answer shows it.
///
/// @param sessions of the run whose states are shown; none when nothing of it was ever built
/// @param totals derivations of each state
/// @param unread derivations that nobody read
/// @param rows from the roots down, what a derivation needs behind it and one deeper
public record TreeView(
    List<String> sessions, Map<NodeState, Long> totals, int unread, List<Row> rows) {
  public TreeView {
    sessions = List.copyOf(sessions);
    rows = List.copyOf(rows);
  }

  /// A derivation in its place.
  ///
  /// @param depth 0 for a root
  /// @param id of its build or substitution; null when there is none
  /// @param kind of that
  /// @param durationMs how long that took, or has taken
  /// @param expected of a build that runs or is to come, by its history; null when it has none
  /// @param remainingMs until it ends if nothing waits for a slot; null when nobody knows, or when
  ///   it is over
  /// @param again it stands above already, with what it needs
  /// @param more what it needs and is not shown, by state
  public record Row(
      int depth,
      String drvPath,
      String name,
      String system,
      NodeState state,
      @Nullable String id,
      Build.@Nullable Kind kind,
      @Nullable String host,
      @Nullable Instant startedAt,
      @Nullable Long durationMs,
      @Nullable Estimate expected,
      @Nullable Long remainingMs,
      boolean again,
      Map<NodeState, Long> more) {}
}
