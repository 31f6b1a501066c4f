package dev.nixtape.control;

import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.control.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.function.Consumer;

/// The host that this process runs on.
final class LocalHost implements Agent.Host {
  private final Builders builders;
  private final Hands hands = new Hands();
  private final HostSampler sampler;

  LocalHost(Agent.Settings settings, InstantSource clock, Consumer<String> say) throws IOException {
    this.builders = new Builders(settings.root());
    this.sampler =
        new HostSampler(
            settings.host(),
            Path.of("/"),
            settings.root(),
            new Accounting(builders, clock)::builds,
            clock,
            say);
  }

  @Override
  public Seen look(String drvPath) {
    return builders.look(drvPath);
  }

  @Override
  public Result.Ending carryOut(ControlPlan.Act act) {
    return hands.carryOut(act);
  }

  @Override
  public HostSample sample() throws IOException {
    return sampler.look();
  }
}
