package dev.nixtape.control;

import dev.nixtape.control.Builder.Requester;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What a host sees of the build that a command names.
///
/// @param builders those that are this derivation's: one, or it is not done
/// @param contradictions in words: what of the evidence does not fit together
/// @param machines remote builders that it may be running on, by their URIs
record Seen(List<Builder> builders, List<String> contradictions, List<String> machines, Host host) {

  Seen {
    builders = List.copyOf(builders);
    contradictions = List.copyOf(contradictions);
    machines = List.copyOf(machines);
  }

  /// Who asked for the build, when there is one and that can be told.
  Optional<Requester> requester() {
    return builders.size() == 1 ? builders.getFirst().requester() : Optional.empty();
  }

  /// What the host can do.
  ///
  /// @param system `Linux`, `Mac OS X`, … as Java names it
  /// @param uid this process's own
  /// @param controllers that the build's cgroup has
  /// @param delegable those that its parent has and could give it
  /// @param v1 those that the host has in cgroup v1
  /// @param disk the store's, `major:minor`; empty when it is on none
  record Host(
      String system,
      long uid,
      Set<String> controllers,
      Set<String> delegable,
      Set<String> v1,
      Optional<String> disk) {
    Host {
      controllers = Set.copyOf(controllers);
      delegable = Set.copyOf(delegable);
      v1 = Set.copyOf(v1);
    }
  }
}
