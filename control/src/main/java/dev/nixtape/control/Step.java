package dev.nixtape.control;

/// One thing to do to a build.
sealed interface Step {
  /// To write a file of its cgroup, and see that it had its effect.
  record Write(String file, String text) implements Step {}

  /// To signal all its processes.
  record Send(Signal signal) implements Step {}

  record ShowProcesses() implements Step {}

  record ShowEnvironment() implements Step {}
}
