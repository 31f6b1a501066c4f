package dev.nixtape.control;

import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.control.HostSample.BuildUse;
import dev.nixtape.projections.tape.Report;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/// Tells once a second what the host and its builds use, and of each build that ended what it used
/// in all.
final class HostWatch implements AutoCloseable {
  private static final long EVERY_NANOS = Duration.ofSeconds(1).toNanos();

  /// Takes a sample.
  interface Eyes {
    HostSample look() throws IOException;
  }

  /// Hears of it; must not wait.
  interface Ears {
    void sampled(HostSample sample, Duration took);

    void ended(Report.Used used);
  }

  private record Run(String drvPath, Instant since) {}

  private final Eyes eyes;
  private final Ears ears;
  private final Consumer<String> say;
  private final Thread thread;
  private volatile boolean closed;

  // The thread's own:
  private Map<Run, BuildUse> running = Map.of();

  /// What was said last of what is wrong; "" when nothing is.
  private String problem = "";

  HostWatch(Eyes eyes, Ears ears, Consumer<String> say) {
    this.eyes = eyes;
    this.ears = ears;
    this.say = say;
    this.thread = Thread.ofPlatform().daemon().name("nixtape-watch").start(this::run);
  }

  private void run() {
    long next = System.nanoTime();
    while (!closed) {
      try {
        look();
        problem = "";
      } catch (IOException | RuntimeException e) {
        if (!problem.equals(e.toString())) {
          problem = e.toString();
          say.accept("this host cannot be looked at: " + problem);
        }
      }
      // what was missed is not made up for
      next = Math.max(next + EVERY_NANOS, System.nanoTime());
      LockSupport.parkNanos(next - System.nanoTime());
    }
  }

  private void look() throws IOException {
    long began = System.nanoTime();
    HostSample sample = eyes.look();
    ears.sampled(sample, Duration.ofNanos(System.nanoTime() - began));
    Map<Run, BuildUse> now = new HashMap<>();
    sample.builds().forEach(build -> now.put(new Run(build.drvPath(), build.since()), build));
    running.forEach((run, last) -> {
      if (!now.containsKey(run)) {
        ears.ended(
            new Report.Used(
                run.drvPath(),
                last.cpuUserMs(),
                last.cpuSystemMs(),
                last.peakMemory(),
                last.ioRead(),
                last.ioWritten()));
      }
    });
    running = now;
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
