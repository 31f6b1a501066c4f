package dev.nixtape.control;

import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.control.HostSample.BuildUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Takes samples of a host. For one thread.
final class HostSampler implements AutoCloseable {
  private final String host;
  private final String boot;
  private final HostFigures figures;
  private final RemoteMachines machines;
  private final Supplier<List<BuildUse>> builds;
  private final InstantSource clock;

  /// @param kernel the folder that `proc` and `sys` are in: `/`
  /// @param root of the Nix that is watched
  /// @param builds that run, and what they use
  HostSampler(
      String host,
      Path kernel,
      Path root,
      Supplier<List<BuildUse>> builds,
      InstantSource clock,
      Consumer<String> say)
      throws IOException {
    this.host = host;
    this.boot = Files.readString(kernel.resolve("proc/sys/kernel/random/boot_id")).strip();
    this.figures = new HostFigures(kernel, root.resolve("nix/store"));
    this.machines = new RemoteMachines(root, kernel.resolve("proc/locks"), say);
    this.builds = builds;
    this.clock = clock;
  }

  HostSample look() throws IOException {
    HostFigures.Memory memory = figures.memory();
    return new HostSample(
        host,
        boot,
        clock.instant(),
        figures.load(),
        figures.processors(),
        memory.total(),
        memory.available(),
        figures.pressure(),
        figures.store(),
        figures.storeFree(),
        builds.get(),
        machines.look());
  }

  @Override
  public void close() {
    figures.close();
  }
}
