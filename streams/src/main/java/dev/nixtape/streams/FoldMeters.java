package dev.nixtape.streams;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/// What the folds of a process count and time as they go. `docs/metrics.md` says what each means.
final class FoldMeters {
  /// Of a whole way, microseconds: at rest a commit of Kafka's and two wakings, after a stop
  /// whatever has piled up.
  private static final Duration[] DELAYS =
      micros(
          5_000,
          10_000,
          25_000,
          50_000,
          100_000,
          250_000,
          500_000,
          1_000_000,
          2_500_000,
          5_000_000,
          10_000_000,
          30_000_000,
          60_000_000);

  /// Of one entry, microseconds: a line or two take tens of them, a full chunk milliseconds.
  private static final Duration[] TIMES =
      micros(50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 1_000_000);

  private final Timer delay;
  private final Timer time;
  private final Counter facts;
  private final Counter foreign;
  private final Counter unreadable;

  FoldMeters(MeterRegistry meters) {
    delay =
        Timer.builder("nixtape.fold.delay")
            .description("From an entry's arrival at its host until it is folded")
            .serviceLevelObjectives(DELAYS)
            .register(meters);
    time =
        Timer.builder("nixtape.fold")
            .description("To fold one entry")
            .serviceLevelObjectives(TIMES)
            .register(meters);
    facts =
        Counter.builder("nixtape.facts.published")
            .description("Finished activities told to nixtape.builds")
            .register(meters);
    foreign =
        Counter.builder("nixtape.foreign.records")
            .description("Records of nixtape.log that no shim wrote, passed over")
            .register(meters);
    unreadable =
        Counter.builder("nixtape.unreadable.commands")
            .description("Records of nixtape.control that are neither command nor result")
            .register(meters);
  }

  static Duration[] micros(long... bounds) {
    return LongStream.of(bounds)
        .mapToObj(bound -> Duration.ofNanos(1000 * bound))
        .toArray(Duration[]::new);
  }

  /// @param arrived milliseconds since the epoch, by the host's clock
  /// @param began `System.nanoTime` before the fold
  void folded(long arrived, long began) {
    time.record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
    delay.record(Math.max(0, System.currentTimeMillis() - arrived), TimeUnit.MILLISECONDS);
  }

  void published() {
    facts.increment();
  }

  void passedOver() {
    foreign.increment();
  }

  void unreadable() {
    unreadable.increment();
  }
}
