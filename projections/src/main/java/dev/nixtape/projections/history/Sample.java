package dev.nixtape.projections.history;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.PhaseTime;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What statistics need of a finished activity.
///
/// @param at when it finished, in milliseconds since 1970
/// @param name a derivation's or store path's, with version
/// @param system "" when unknown, as with the user and the machine
/// @param cpuMs processor time; null when nobody measured
/// @param phases those with a known time
public record Sample(
    long at,
    long durationMs,
    Outcome outcome,
    String name,
    String system,
    String host,
    String user,
    String machine,
    long logLines,
    long bytes,
    @Nullable Long cpuMs,
    List<Phase> phases) {

  /// The numbers that stores have for them: not to be changed.
  static final List<Outcome> OUTCOMES =
      List.of(
          Outcome.SUCCEEDED, Outcome.FAILED, Outcome.INTERRUPTED, Outcome.CACHED, Outcome.UNKNOWN);

  public record Phase(String name, long durationMs) {}

  public Sample {
    phases = List.copyOf(phases);
  }

  static Sample of(Build build) {
    return new Sample(
        build.endedAt().toEpochMilli(),
        Math.max(0, Objects.requireNonNullElse(build.durationMs(), 0L)),
        Objects.requireNonNullElse(build.outcome(), Outcome.UNKNOWN),
        build.name(),
        Objects.requireNonNullElse(build.system(), ""),
        build.host(),
        user(build),
        Objects.requireNonNullElse(build.machine(), ""),
        build.logLines(),
        Math.max(0, Objects.requireNonNullElse(build.bytes(), 0L)),
        build.used() == null ? null : build.used().cpuMs(),
        build.phases().stream()
            .filter(phase -> phase.durationMs() != null)
            .map(Sample::phase)
            .toList());
  }

  private static Phase phase(PhaseTime phase) {
    return new Phase(phase.name(), Math.max(0, Objects.requireNonNullElse(phase.durationMs(), 0L)));
  }

  /// For whom: a name, else a uid, else "".
  static String user(Build build) {
    if (build.user() != null) {
      return build.user();
    }
    return build.uid() == null ? "" : build.uid().toString();
  }

  /// Whether its time says how long such a thing takes: a build that failed or found its outputs
  /// there does not. What has no outcome of its own, as a wait, always does.
  public boolean isTimed(Kind kind) {
    return switch (kind) {
      case BUILD, SUBSTITUTE, COPY -> outcome == Outcome.SUCCEEDED;
      case DOWNLOAD, FETCH, IMPORT, QUERY, WAIT, HOOK, OPTIMISE, VERIFY, OTHER ->
          outcome == Outcome.SUCCEEDED || outcome == Outcome.UNKNOWN;
    };
  }
}
