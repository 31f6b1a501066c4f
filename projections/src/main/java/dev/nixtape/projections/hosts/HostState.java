package dev.nixtape.projections.hosts;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.HostView;
import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.control.HostSample.BuildUse;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A host as its last sample and the one before show it; one value of the store `hosts`.
///
/// @param arrivedAt when the sample arrived, by the clock of who keeps it: a host's may be wrong
/// @param cpuPercent of one processor, since the sample before, by derivation
public record HostState(Instant arrivedAt, HostSample sample, Map<String, Long> cpuPercent) {

  /// A host that has not been heard for so long is one of which nothing is known. It sends a sample
  /// a second.
  public static final Duration FRESH = Duration.ofSeconds(10);

  public HostState {
    cpuPercent = Map.copyOf(cpuPercent);
  }

  /// @param before of the same host; null when there is none
  public static HostState after(@Nullable HostState before, HostSample sample, Instant arrivedAt) {
    Map<String, Long> percents = new HashMap<>();
    if (before != null) {
      long ms = Duration.between(before.sample.at(), sample.at()).toMillis();
      for (BuildUse build : sample.builds()) {
        before
            .use(build.drvPath())
            .filter(last -> ms > 0 && last.since().equals(build.since()))
            .ifPresent(last ->
                percents.put(
                    build.drvPath(), Math.max(0, 100 * (cpuMs(build) - cpuMs(last)) / ms)));
      }
    }
    return new HostState(arrivedAt, sample, percents);
  }

  private static long cpuMs(BuildUse build) {
    return build.cpuUserMs() + build.cpuSystemMs();
  }

  private Optional<BuildUse> use(String drvPath) {
    return sample.builds().stream().filter(build -> build.drvPath().equals(drvPath)).findFirst();
  }

  public boolean isFresh(Instant now) {
    return now.isBefore(arrivedAt.plus(FRESH));
  }

  /// What a build of this host uses.
  public Optional<Build.Now> now(String drvPath) {
    return use(drvPath)
        .map(use -> new Build.Now(cpuPercent.get(drvPath), use.memory(), use.frozen()));
  }

  /// The host as answers show it.
  public HostView.Now now() {
    HostSample.Pressure pressure = sample.pressure();
    return new HostView.Now(
        sample.at(),
        sample.load(),
        sample.processors(),
        sample.memory(),
        sample.memoryAvailable(),
        pressure == null
            ? null
            : new HostView.Pressure(pressure.cpu(), pressure.memory(), pressure.io()),
        sample.store(),
        sample.storeFree());
  }
}
