package dev.nixtape.projections.fold;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Evidence;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.nix.NixEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The counters of one worker of Nix for one kind of goal: its root activity Builds (104) or
/// CopyPaths (103).
///
/// When `running` falls and `done` or `failed` rises, exactly one goal ended: a credit. Nix 2.34
/// counts a build just before its stop and a substitution just after; Nix before 2.34 sends the
/// stops of top-level builds at the end. So credits and stops wait for each other here, and are
/// matched as soon as only one matching is possible.
///
/// @param root the root activity's id
/// @param doneCredits goals that the counters say succeeded and that no stop has claimed
/// @param givenUp goals that no longer run and that the counters took for neither done nor failed:
///   Nix stopped them, because another one failed
/// @param unjudged activities that stopped and have no verdict from the counters
record Goals(
    long root,
    Build.Kind kind,
    Telling telling,
    long done,
    long running,
    long failed,
    long doneCredits,
    long failedCredits,
    long givenUp,
    List<Long> unjudged) {

  static Goals under(long root, Build.Kind kind, String session) {
    return new Goals(root, kind, Telling.by(session), 0, 0, 0, 0, 0, 0, List.of());
  }

  Goals joinedBy(String session) {
    return with(telling.toldBy(session) >= 0 ? telling.toldAgain() : telling.joinedBy(session));
  }

  Goals oneEnded() {
    return with(telling.oneEnded());
  }

  private Goals with(Telling telling) {
    return new Goals(
        root, kind, telling, done, running, failed, doneCredits, failedCredits, givenUp, unjudged);
  }

  /// Any result of the root, told by a session: only news of progress moves the counters.
  Goals told(NixEvent.Result result, String session) {
    Telling now = telling.told(session);
    if (now.results() == telling.results()
        || !(result
            instanceof
            NixEvent.Progress(var _, var nowDone, var _, var nowRunning, var nowFailed))) {
      return with(now);
    }
    long over = nowDone + nowFailed - done - failed;
    if (telling.copies() > 1 && (over < 0 || (over == 0 && nowRunning <= running))) {
      // The writer who is behind repeats what the other one has told.
      return with(now);
    }
    long ended = Math.max(0, running - nowRunning);
    long newFailed = Math.min(ended, Math.max(0, nowFailed - failed));
    long newDone = Math.min(ended - newFailed, Math.max(0, nowDone - done));
    return new Goals(
        root,
        kind,
        now,
        nowDone,
        nowRunning,
        nowFailed,
        doneCredits + newDone,
        failedCredits + newFailed,
        givenUp + ended - newFailed - newDone,
        unjudged);
  }

  Goals stopped(long activity) {
    List<Long> more = new ArrayList<>(unjudged);
    more.add(activity);
    return judging(doneCredits, failedCredits, more);
  }

  private Goals judging(long doneCredits, long failedCredits, List<Long> unjudged) {
    return new Goals(
        root,
        kind,
        telling,
        done,
        running,
        failed,
        doneCredits,
        failedCredits,
        givenUp,
        List.copyOf(unjudged));
  }

  /// @param verdicts of activities that got theirs
  record Judged(Goals goals, Map<Long, Evidence> verdicts) {}

  /// Matches credits with stops where that is certain.
  ///
  /// @param accused which of the unjudged an error message names: they settle a mixed lot when
  ///   their number is that of the failures
  Judged judged(Set<Long> accused) {
    if (unjudged.isEmpty() || doneCredits + failedCredits < unjudged.size()) {
      return new Judged(this, Map.of());
    }
    if (failedCredits == 0) {
      return new Judged(
          judging(doneCredits - unjudged.size(), 0, List.of()),
          verdicts(unjudged, Set.of(), Outcome.SUCCEEDED));
    }
    if (doneCredits == 0) {
      return new Judged(
          judging(0, failedCredits - unjudged.size(), List.of()),
          verdicts(unjudged, Set.copyOf(unjudged), Outcome.FAILED));
    }
    if (accused.size() == failedCredits && doneCredits + failedCredits == unjudged.size()) {
      return new Judged(judging(0, 0, List.of()), verdicts(unjudged, accused, Outcome.SUCCEEDED));
    }
    return new Judged(this, Map.of());
  }

  private Map<Long, Evidence> verdicts(
      List<Long> activities, Set<Long> failures, Outcome otherwise) {
    String name = kind == Build.Kind.BUILD ? "builds" : "substitutions";
    Map<Long, Evidence> verdicts = new LinkedHashMap<>();
    for (long activity : activities) {
      Outcome says = failures.contains(activity) ? Outcome.FAILED : otherwise;
      verdicts.put(activity, Verdict.counter(says, name, done, failed));
    }
    return verdicts;
  }

  /// Whether none of the unjudged can have been counted as done or failed: they were running to the
  /// end, or given up.
  boolean neverCountedThem() {
    return doneCredits + failedCredits == 0 && running + givenUp >= unjudged.size();
  }
}
