package dev.nixtape.projections.fold;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.nixtape.projections.Build.LogRange;
import dev.nixtape.projections.Build.PhaseTime;
import dev.nixtape.projections.Build.Progress;
import dev.nixtape.projections.Build.Used;
import dev.nixtape.projections.tape.Position;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How an activity went so far.
///
/// @param used null until somebody said
@JsonInclude(JsonInclude.Include.NON_NULL)
record Course(
    Instant startedAt,
    List<PhaseBegin> phases,
    Progress progress,
    long logLines,
    LogRange log,
    @Nullable Used used) {

  record PhaseBegin(String name, Instant at) {}

  static Course begun(Instant at, Position position) {
    return new Course(
        at,
        List.of(),
        Progress.NONE,
        0,
        new LogRange(position.partition(), position.offset(), position.offset()),
        null);
  }

  Course at(Progress progress) {
    return new Course(startedAt, phases, progress, logLines, log, used);
  }

  Course withLogLines(long more, Position position) {
    return new Course(startedAt, phases, progress, logLines + more, log, used).upTo(position);
  }

  Course inPhase(String name, Instant at) {
    List<PhaseBegin> more = new ArrayList<>(phases);
    more.add(new PhaseBegin(name, at));
    return new Course(startedAt, List.copyOf(more), progress, logLines, log, used);
  }

  Course upTo(Position position) {
    return new Course(
        startedAt,
        phases,
        progress,
        logLines,
        new LogRange(log.partition(), log.from(), Math.max(log.to(), position.offset())),
        used);
  }

  Course withUsed(Used used) {
    return new Course(startedAt, phases, progress, logLines, log, used);
  }

  @Nullable String phase() {
    return phases.isEmpty() ? null : phases.getLast().name();
  }

  /// @param copies how often each phase was told: the first of them counts
  List<PhaseTime> phaseTimes(@Nullable Instant end, int copies) {
    List<PhaseBegin> once = copies == 1 ? phases : firsts(copies);
    List<PhaseTime> times = new ArrayList<>(once.size());
    for (int i = 0; i < once.size(); i++) {
      Instant next = i + 1 < once.size() ? once.get(i + 1).at() : end;
      PhaseBegin phase = once.get(i);
      times.add(
          new PhaseTime(
              phase.name(), next == null ? null : Duration.between(phase.at(), next).toMillis()));
    }
    return times;
  }

  private List<PhaseBegin> firsts(int copies) {
    Map<String, Integer> told = new HashMap<>();
    return phases.stream()
        .filter(phase -> (told.merge(phase.name(), 1, Integer::sum) - 1) % copies == 0)
        .toList();
  }
}
