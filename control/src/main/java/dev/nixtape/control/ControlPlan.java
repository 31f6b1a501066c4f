package dev.nixtape.control;

import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.Result;
import java.util.List;

/// What to do for a command, or why not.
sealed interface ControlPlan {
  record Act(Builder builder, List<Step> steps) implements ControlPlan {
    public Act {
      steps = List.copyOf(steps);
    }
  }

  record Refuse(Result.Why why, String says) implements ControlPlan {
    Result.Refused ending() {
      return new Result.Refused(why, says);
    }
  }

  static ControlPlan of(Command command, Seen seen) {
    return new Refuse(
        Result.Why.NOT_POSSIBLE, command.action().verb() + " of " + seen.builders().size());
  }
}
