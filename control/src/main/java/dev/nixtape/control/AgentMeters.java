package dev.nixtape.control;

import dev.nixtape.projections.control.Result;
import dev.nixtape.projections.control.Result.Ending;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// What is measured of an agent. `docs/metrics.md` explains each.
final class AgentMeters {
  private final Map<String, Counter> commands = new HashMap<>();
  private final Timer answers;
  private final Timer samples;

  AgentMeters(MeterRegistry registry) {
    for (String result : new String[] {"done", "shown", "expired"}) {
      count(registry, result);
    }
    for (Result.Why why : Result.Why.values()) {
      count(registry, why.json());
    }
    this.answers =
        Timer.builder("nixtape.control.answer")
            .description("From the reading of a command until Kafka has its result")
            .register(registry);
    this.samples =
        Timer.builder("nixtape.control.sample")
            .description("To look once at the host and its builds")
            .register(registry);
  }

  private void count(MeterRegistry registry, String result) {
    commands.put(
        result,
        Counter.builder("nixtape.control.commands")
            .description("Commands that this host's agent answered")
            .tag("result", result)
            .register(registry));
  }

  void answered(Ending ending, Duration took) {
    String result =
        switch (ending) {
          case Result.Done _ -> "done";
          case Result.Shown _ -> "shown";
          case Result.Expired _ -> "expired";
          case Result.Refused refused -> refused.why().json();
        };
    Objects.requireNonNull(commands.get(result)).increment();
    answers.record(took);
  }

  void sampled(Duration took) {
    samples.record(took);
  }
}
