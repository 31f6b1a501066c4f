package dev.nixtape.control;

import dev.nixtape.projections.control.Result;

/// Carries out what was planned, on exactly the build that it was planned for.
final class Hands {
  /// Done, Shown, or Refused as NOT_RUNNING or FAILED.
  Result.Ending carryOut(ControlPlan.Act act) {
    return new Result.Refused(Result.Why.FAILED, act.steps() + " is not possible yet");
  }
}
