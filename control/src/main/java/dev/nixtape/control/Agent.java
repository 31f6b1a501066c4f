package dev.nixtape.control;

import dev.nixtape.control.Builder.Requester;
import dev.nixtape.control.Gate.Verdict;
import dev.nixtape.control.Outbox.Message;
import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.ControlRecord;
import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.control.Result;
import dev.nixtape.projections.control.Result.Ending;
import dev.nixtape.projections.control.Result.Refused;
import dev.nixtape.projections.control.Result.Why;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Report;
import dev.nixtape.projections.tape.SessionId;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Obeys what its host's policy allows, on exactly the build that is meant, and answers every
/// command that it reads.
///
/// What it did not answer before it was stopped, it does when it is back, unless that is too late.
public final class Agent implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(2);

  /// How far the clocks of an issuer and of its host may be apart, for a build that has just begun.
  private static final Duration CLOCKS = Duration.ofSeconds(2);

  private final String host;
  private final Gate gate;
  private final Host local;
  private final InstantSource clock;
  private final AgentMeters meters;
  private final Outbox outbox;
  private final SessionId life;
  private final SeenIds seen = new SeenIds();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Lanes lanes = new Lanes(threads);
  private final OrderReader reader;
  private final HostWatch watch;

  /// @param root of the Nix that is watched: `/`, unless it lives in a container or chroot
  /// @param servers of Kafka, `HOST:PORT`, several with commas
  /// @param client Kafka client settings of the user's
  public record Settings(
      String host, Path root, Policy policy, String servers, Map<String, String> client) {}

  /// What an agent sees of its host, and does to it. Any thread may ask; only one for samples.
  interface Host {
    /// Looks at a derivation's build.
    Seen look(String drvPath);

    Instant began(Builder builder);

    Ending carryOut(ControlPlan.Act act);

    HostSample sample() throws IOException;

    void close();
  }

  Agent(
      Settings settings,
      Host local,
      InstantSource clock,
      MeterRegistry meters,
      Consumer<String> say) {
    this.host = settings.host();
    this.gate = new Gate(host, settings.policy());
    this.local = local;
    this.clock = clock;
    this.meters = new AgentMeters(meters);
    Kafka kafka = new Kafka(settings.servers(), settings.client());
    this.outbox = new Outbox(kafka, host, say);
    this.life = SessionId.at(host, clock.instant(), ThreadLocalRandom.current().nextInt());
    this.reader = new OrderReader(kafka, host, clock, new Orders(), say);
    this.watch = new HostWatch(local::sample, new Samples(), say);
  }

  /// Starts one without waiting for Kafka.
  ///
  /// @param say where to say in a sentence what is wrong
  public static Agent start(Settings settings, MeterRegistry meters, Consumer<String> say)
      throws IOException {
    InstantSource clock = Clock.systemUTC();
    return new Agent(settings, new LocalHost(settings, clock, say), clock, meters, say);
  }

  private final class Orders implements OrderReader.Listener {
    @Override
    public void ordered(long offset, ControlRecord.Ordered order, boolean answered) {
      Verdict verdict = gate.judge(order, seen::offset, clock.instant());
      switch (verdict) {
        case Verdict.Admitted(Command command) -> {
          seen.add(command.id(), offset, clock.instant());
          if (!answered) {
            lanes.add(
                command.target().drvPath(),
                () -> answer(offset, command.id(), () -> obey(command)));
          }
        }
        case Verdict.Declined(Command command, Ending ending) -> {
          seen.add(command.id(), offset, clock.instant());
          if (!answered) {
            threads.execute(() -> answer(offset, command.id(), () -> ending));
          }
        }
        case Verdict.Disbelieved(UUID id, Refused ending) -> {
          if (!answered) {
            threads.execute(() -> answer(offset, id, () -> ending));
          }
        }
      }
    }

    @Override
    public void unreadable(long offset, IllegalArgumentException why) {
      threads.execute(() -> answer(offset, null, () -> Gate.unreadable(why)));
    }
  }

  private interface Obeying {
    Ending end() throws InterruptedException;
  }

  /// Returns when Kafka has the answer, or when the agent is stopped: its next life reads the
  /// command again.
  private void answer(long offset, @Nullable UUID command, Obeying obeying) {
    long began = System.nanoTime();
    try {
      Ending ending = obeying.end();
      Result result = new Result(command, host, offset, clock.instant(), ending);
      Message message = Message.of(result);
      if (message.value().length() > Outbox.MAX_BYTES) {
        ending =
            new Refused(
                Why.NOT_POSSIBLE,
                "what there is to show has %,d bytes, and a record of Kafka %,d at most"
                    .formatted(message.value().length(), Outbox.MAX_BYTES));
        message = Message.of(new Result(command, host, offset, clock.instant(), ending));
      }
      outbox.publish(message, () -> true);
      meters.answered(ending, Duration.ofNanos(System.nanoTime() - began));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private Ending obey(Command command) throws InterruptedException {
    try {
      if (isLate(command)) {
        return Gate.expired(command, clock.instant());
      }
      Seen build = local.look(command.target().drvPath());
      Optional<String> requester = build.requester().map(Requester::user);
      String verb = command.action().verb();
      if (!build.builders().isEmpty() && !gate.policy().allows(command.issuer(), verb, requester)) {
        return new Refused(
            Why.NOT_ALLOWED,
            "the policy of %s does not let %s %s this build: %s"
                .formatted(
                    host,
                    command.issuer(),
                    verb,
                    requester
                        .map(user -> "it is " + user + "'s")
                        .orElse("nobody can tell whose it is")));
      }
      return switch (ControlPlan.of(command, build)) {
        case ControlPlan.Refuse refuse -> refuse.ending();
        case ControlPlan.Act act -> {
          Instant began = local.began(act.builder());
          yield began.isAfter(command.at().plus(CLOCKS))
              ? new Refused(
                  Why.NOT_RUNNING,
                  "the build that was meant has ended: the one that runs began at %s, the command is of %s"
                      .formatted(began, command.at()))
              : act(command, act);
        }
      };
    } catch (RuntimeException e) {
      return new Refused(Why.FAILED, "the agent failed: " + e);
    }
  }

  private Ending act(Command command, ControlPlan.Act act) throws InterruptedException {
    if (command.action() instanceof Action.Kill) {
      // Whoever folds the log knows why the build ends before it does.
      Report killing =
          new Report.Killing(
              command.target().drvPath(),
              command.id().toString(),
              command.issuer(),
              command.reason());
      outbox.publish(reported(killing), () -> !isLate(command));
    }
    return isLate(command) ? Gate.expired(command, clock.instant()) : local.carryOut(act);
  }

  private boolean isLate(Command command) {
    return clock.instant().isAfter(command.deadline());
  }

  private final class Samples implements HostWatch.Ears {
    @Override
    public void sampled(HostSample sample, Duration took) {
      meters.sampled(took);
      outbox.offer(Message.of(sample));
    }

    @Override
    public void ended(Report.Used used) {
      threads.execute(() -> {
        try {
          outbox.publish(reported(used), () -> true);
        } catch (InterruptedException _) {
          Thread.currentThread().interrupt();
        }
      });
    }
  }

  private Message reported(Report report) {
    return Message.of(new LogEntry.Reported(life, clock.instant(), report));
  }

  @Override
  public void close() {
    reader.close();
    watch.close();
    threads.shutdown();
    try {
      if (!threads.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException _) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
    outbox.close();
    local.close();
  }
}
