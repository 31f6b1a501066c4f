package dev.nixtape.projections;

import java.util.List;

/// A remote builder.
///
/// @param uri its store, as hosts name it
/// @param slots builds at a time, of the host that lets it have most
/// @param used slots in use by all hosts together: each counts its own, so there can be more than
///   `slots`
/// @param hosts those that have it among their machines, by name
public record MachineView(String uri, List<String> systems, int slots, int used, List<Use> hosts) {
  public MachineView {
    systems = List.copyOf(systems);
    hosts = List.copyOf(hosts);
  }

  /// @param used slots in use by this host
  public record Use(String host, int used) {}
}
