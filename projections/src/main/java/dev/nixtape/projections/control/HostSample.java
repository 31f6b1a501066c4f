package dev.nixtape.projections.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a host and its builds use at one moment; a record of `nixtape.hosts`, keyed by host, once a
/// second.
///
/// @param boot the host's boot id
/// @param load of 1, 5 and 15 minutes
/// @param processors online
/// @param memory bytes in all
/// @param memoryAvailable bytes
/// @param pressure null where the kernel does not tell
/// @param store bytes of the disk that the store is on
/// @param storeFree bytes
/// @param builds those that run, each in a cgroup or below a worker
/// @param machines remote builders, with their slots
@JsonInclude(JsonInclude.Include.NON_NULL)
public record HostSample(
    String host,
    String boot,
    Instant at,
    List<Double> load,
    int processors,
    long memory,
    long memoryAvailable,
    @Nullable Pressure pressure,
    long store,
    long storeFree,
    List<BuildUse> builds,
    List<Machine> machines) {

  public HostSample {
    load = List.copyOf(load);
    builds = List.copyOf(builds);
    machines = List.copyOf(machines);
  }

  /// Shares of the last 10 s in which somebody waited, in percent (`some avg10`).
  public record Pressure(double cpu, double memory, double io) {}

  /// What a build has used up to now.
  ///
  /// @param drvPath which
  /// @param since when it was first seen
  /// @param frozen no process of it runs until it is thawed
  /// @param cpuUserMs processor time, of all its processes
  /// @param memory bytes now; resident memory of its processes where there is no memory controller
  /// @param peakMemory bytes; the most that was seen where the kernel does not keep it
  /// @param ioRead bytes; null where nobody counts
  /// @param pressure null without a cgroup
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record BuildUse(
      String drvPath,
      Instant since,
      boolean frozen,
      long cpuUserMs,
      long cpuSystemMs,
      long memory,
      long peakMemory,
      @Nullable Long ioRead,
      @Nullable Long ioWritten,
      int processes,
      @Nullable Pressure pressure) {}

  /// A remote builder, as the host's `machines` has it.
  ///
  /// @param slots builds at a time
  /// @param used locked by somebody
  public record Machine(String uri, List<String> systems, int slots, int used) {
    public Machine {
      systems = List.copyOf(systems);
    }
  }
}
