package dev.nixtape.projections.fold;

import dev.nixtape.projections.Amendment;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Evidence;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.fold.Activity.Running;
import dev.nixtape.projections.fold.Activity.Stopped;
import dev.nixtape.projections.tape.Report;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/// How activities end: they get their verdicts, become facts, and are remembered for a while,
/// because a slower stream may yet tell of them.
final class Settling {
  /// How long a settled activity is remembered, in the log's time: a stream that tells of it later
  /// than this tells of it twice.
  private static final Duration REMEMBERED = Duration.ofMinutes(15);

  /// How long after a build's end it is told what it used: an agent looks once a second.
  private static final Duration LATE = Duration.ofSeconds(10);

  private final Memory memory;
  private final WorkingSet work;
  private final Consumer<Build> facts;
  private final Consumer<Amendment> amendments;

  /// When the settled activities of a host were last looked through, in the log's time.
  private final Map<String, Instant> lastForgot = new HashMap<>();

  Settling(Memory memory, WorkingSet work, Consumer<Build> facts, Consumer<Amendment> amendments) {
    this.memory = memory;
    this.work = work;
    this.facts = facts;
    this.amendments = amendments;
  }

  /// Gives a worker's counters what they need to match, and their verdicts to whom they belong.
  void judge(String host, String worker, Goals goals) {
    Set<Long> accused = new HashSet<>();
    for (long nixId : goals.unjudged()) {
      Activity activity = work.activity(host, nixId);
      if (activity != null && Verdict.said(activity.evidence(), Verdict.MESSAGE).isPresent()) {
        accused.add(nixId);
      }
    }
    Goals.Judged judged = goals.judged(accused);
    work.put(worker, judged.goals());
    judged
        .verdicts()
        .forEach((nixId, verdict) -> {
          Activity activity = work.activity(host, nixId);
          if (activity != null) {
            work.put(activity.withEvidence(verdict));
            if (activity.subject().kind() == Build.Kind.SUBSTITUTE) {
              copied(host, activity, verdict);
            }
            settleIfComplete(host, nixId);
          }
        });
  }

  /// A substitution's copy ended as the substitution did. They are matched by the path: before 2.18
  /// Nix names no parent.
  private void copied(String host, Activity substitute, Evidence verdict) {
    for (long nixId : work.invocation(substitute.identity().invocation()).unsettled()) {
      Activity copy = work.activity(host, nixId);
      if (copy instanceof Stopped
          && copy.subject().kind() == Build.Kind.COPY
          && Objects.equals(copy.subject().storePath(), substitute.subject().storePath())) {
        work.put(
            copy.withEvidence(
                new Evidence(
                    Verdict.SUBSTITUTION,
                    verdict.says(),
                    "its substitution " + verdict.says().json())));
        settleIfComplete(host, nixId);
      }
    }
  }

  /// Nothing more will be heard of what an invocation did: what is left of it settles with the
  /// evidence there is.
  void end(String host, Invocation invocation, Instant at) {
    for (String worker : invocation.workers()) {
      Goals goals = work.goals(worker);
      if (goals != null) {
        endGoals(host, worker, goals, invocation.unheard());
      }
    }
    explainOnlyFailure(host, invocation);
    for (long nixId : invocation.unsettled()) {
      switch (work.activity(host, nixId)) {
        case Running running ->
            settle(
                running,
                invocation.unheard()
                    ? running.cut(at, Outcome.UNKNOWN, "nobody listened any more when it ended")
                    : running.cut(at, Outcome.INTERRUPTED, "its session closed while it ran"),
                at);
        case Stopped stopped -> settle(stopped, stopped.view(), stopped.at());
        case null -> {}
      }
    }
    work.drop(invocation);
  }

  /// Some failures Nix explains without naming the derivation (`timed out after 2 seconds`): of one
  /// failure alone it is clear which it means.
  private void explainOnlyFailure(String host, Invocation invocation) {
    List<Activity> failures =
        invocation.unsettled().stream()
            .map(nixId -> work.activity(host, nixId))
            .filter(activity ->
                activity instanceof Stopped stopped
                    && stopped.subject().kind() == Build.Kind.BUILD
                    && Verdict.byNix(stopped.evidence()) == Outcome.FAILED)
            .toList();
    if (failures.size() == 1
        && !invocation.error().isEmpty()
        && Verdict.said(failures.getFirst().evidence(), Verdict.MESSAGE).isEmpty()) {
      work.put(
          failures
              .getFirst()
              .withEvidence(new Evidence(Verdict.MESSAGE, Outcome.FAILED, invocation.error())));
    }
  }

  /// A worker's root stopped, or its sessions are gone: what it never counted as ended was
  /// interrupted.
  void endGoals(String host, String worker, Goals goals, boolean unheard) {
    if (!unheard && goals.neverCountedThem()) {
      for (long nixId : goals.unjudged()) {
        Activity activity = work.activity(host, nixId);
        if (activity != null) {
          work.put(
              activity.withEvidence(
                  new Evidence(
                      Verdict.SESSION,
                      Outcome.INTERRUPTED,
                      "its worker ended and had counted it as neither done nor failed")));
        }
      }
    }
    work.put(worker, null);
  }

  void settleIfComplete(String host, long nixId) {
    if (work.activity(host, nixId) instanceof Stopped stopped && stopped.complete()) {
      settle(stopped, stopped.view(), stopped.at());
    }
  }

  private void settle(Activity activity, Build build, Instant endedAt) {
    Activity.Identity identity = activity.identity();
    work.drop(activity);
    work.put(work.invocation(identity.invocation()).settled(identity.nixId()));
    String key = Fold.activityKey(identity.host(), identity.nixId());
    memory.put(Memory.SETTLED, key, new Settled(endedAt));
    for (String inner : memory.dropInner(identity.host(), identity.nixId())) {
      memory.put(Memory.SETTLED, inner, new Settled(endedAt));
    }
    if (build.kind() == Build.Kind.BUILD && build.drvPath() != null) {
      memory.put(
          Memory.BUILT,
          builtKey(identity.host(), build.drvPath()),
          build.used() == null ? new Built(identity.id(), build.name(), endedAt) : null);
    }
    // What Nix gives no type is worth a line on the screen, not a fact: thousands of "copying …" in
    // one evaluation.
    if (build.kind() != Build.Kind.OTHER) {
      facts.accept(build);
    }
  }

  /// What the builder of a derivation used that has just ended: the build may have ended, too, and
  /// been begun again since; or Nix still looks at what was built.
  void used(String host, Report.Used report, Instant at) {
    Long read = report.ioRead();
    Long written = report.ioWritten();
    Build.Used used =
        new Build.Used(
            report.cpuUserMs(),
            report.cpuSystemMs(),
            report.peakMemory(),
            read == null || written == null ? null : read + written);
    String key = builtKey(host, report.drvPath());
    Built built = memory.get(Memory.BUILT, key, Built.class);
    if (built != null && !at.isAfter(built.at().plus(LATE))) {
      memory.put(Memory.BUILT, key, null);
      amendments.accept(new Amendment(built.id(), built.name(), built.at(), used));
      return;
    }
    memory.builds(host, report.drvPath(), at).stream()
        .filter(build -> build.course().used() == null)
        .findFirst()
        .ifPresent(build -> work.put(build.withUsed(used)));
  }

  private static String builtKey(String host, String drvPath) {
    return host + "/" + drvPath;
  }

  /// The last build of a derivation, as long as nobody said what it used.
  private record Built(String id, String name, Instant at) {}

  /// Whether an activity has ended that a session which was open at `openedAt` tells of at `now`.
  boolean hasEnded(String host, long nixId, Instant openedAt, Instant now) {
    Settled settled = memory.get(Memory.SETTLED, Fold.activityKey(host, nixId), Settled.class);
    return settled != null && !openedAt.isAfter(settled.at()) && !settled.isForgotten(now);
  }

  /// An activity that ended and that a slower stream may yet tell of.
  private record Settled(Instant at) {
    boolean isForgotten(Instant now) {
      return at.plus(REMEMBERED).isBefore(now);
    }
  }

  /// Clears away what no stream can tell of any more, now and then.
  void forget(String host, Instant now) {
    Instant last = lastForgot.get(host);
    if (last != null && now.isBefore(last.plus(REMEMBERED))) {
      return;
    }
    lastForgot.put(host, now);
    // The values of both say when it was.
    for (String table : List.of(Memory.SETTLED, Memory.BUILT)) {
      for (Map.Entry<String, byte[]> settled : memory.range(table, host + "/", host + Fold.END)) {
        if (Json.read(settled.getValue(), Settled.class).isForgotten(now)) {
          memory.forget(settled.getKey());
        }
      }
    }
  }
}
