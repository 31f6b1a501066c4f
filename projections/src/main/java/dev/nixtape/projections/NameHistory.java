package dev.nixtape.projections;

import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.Used;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What is known of all builds of one derivation name.
///
/// @param totalMs the sum of the times of those that succeeded
/// @param measured of how many the processor time is known
/// @param cpuMs the sum of it
public record NameHistory(
    String name,
    long count,
    long succeeded,
    long failed,
    long totalMs,
    long lastMs,
    Instant lastAt,
    @Nullable Outcome lastOutcome,
    String lastId,
    long measured,
    long cpuMs) {

  public static NameHistory of(Build build) {
    return new NameHistory(build.name(), 0, 0, 0, 0, 0, Instant.EPOCH, null, build.id(), 0, 0)
        .plus(build);
  }

  /// With one more build, which may have finished before others that are counted already.
  public NameHistory plus(Build build) {
    Instant at = build.endedAt();
    long ms = build.durationMs() == null ? 0 : build.durationMs();
    boolean ok = build.outcome() == Outcome.SUCCEEDED;
    boolean latest = !at.isBefore(lastAt);
    NameHistory more =
        new NameHistory(
            name,
            count + 1,
            succeeded + (ok ? 1 : 0),
            failed + (build.outcome() == Outcome.FAILED ? 1 : 0),
            totalMs + (ok ? ms : 0),
            latest ? ms : lastMs,
            latest ? at : lastAt,
            latest ? build.outcome() : lastOutcome,
            latest ? build.id() : lastId,
            measured,
            cpuMs);
    return build.used() == null ? more : more.measured(build.used());
  }

  /// One of its builds is known to have used so much.
  public NameHistory measured(Used used) {
    return new NameHistory(
        name,
        count,
        succeeded,
        failed,
        totalMs,
        lastMs,
        lastAt,
        lastOutcome,
        lastId,
        measured + 1,
        cpuMs + used.cpuMs());
  }

  /// Mean processor time of those of which it is known, milliseconds; null when there are none.
  public @Nullable Long meanCpuMs() {
    return measured == 0 ? null : cpuMs / measured;
  }

  /// Mean time of those that succeeded, milliseconds; 0 when none did.
  public long meanMs() {
    return succeeded == 0 ? 0 : totalMs / succeeded;
  }
}
