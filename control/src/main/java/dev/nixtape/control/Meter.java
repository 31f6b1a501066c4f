package dev.nixtape.control;

import dev.nixtape.projections.control.HostSample.BuildUse;
import java.util.Optional;

/// What one build uses.
sealed interface Meter extends AutoCloseable permits CgroupMeter, TreeMeter {
  /// Up to now; empty once the build has ended.
  Optional<BuildUse> read();

  @Override
  default void close() {}
}
