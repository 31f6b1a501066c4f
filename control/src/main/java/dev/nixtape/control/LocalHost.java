package dev.nixtape.control;

import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.control.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;

/// The host that this process runs on.
final class LocalHost implements Agent.Host {
  private final Builders builders;
  private final Hands hands;
  private final Accounting accounting;
  private final HostSampler sampler;
  private final InstantSource clock;

  LocalHost(Agent.Settings settings, InstantSource clock, Consumer<String> say) throws IOException {
    this.clock = clock;
    this.builders = new Builders(settings.root());
    this.hands = new Hands(builders.proc());
    this.accounting = new Accounting(builders, clock);
    this.sampler =
        new HostSampler(
            settings.host(), Path.of("/"), settings.root(), accounting::builds, clock, say);
  }

  @Override
  public Seen look(String drvPath) {
    return builders.look(drvPath);
  }

  @Override
  public Instant began(Builder builder) {
    return builders.proc().began(builder.process(), clock.instant());
  }

  @Override
  public Result.Ending carryOut(ControlPlan.Act act) {
    return hands.carryOut(act);
  }

  @Override
  public HostSample sample() throws IOException {
    return sampler.look();
  }

  @Override
  public void close() {
    accounting.close();
    sampler.close();
  }
}
