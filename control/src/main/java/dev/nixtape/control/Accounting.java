package dev.nixtape.control;

import dev.nixtape.projections.control.HostSample.BuildUse;
import java.time.InstantSource;
import java.util.List;

/// What each build of this host uses. For one thread: it remembers what it saw the last time.
final class Accounting implements AutoCloseable {
  private final Builders builders;
  private final InstantSource clock;

  Accounting(Builders builders, InstantSource clock) {
    this.builders = builders;
    this.clock = clock;
  }

  List<BuildUse> builds() {
    return builders.all().stream()
        .map(builder ->
            new BuildUse(
                builder.drvPath(), clock.instant(), false, 0, 0, 0, 0, null, null, 0, null))
        .toList();
  }

  @Override
  public void close() {}
}
