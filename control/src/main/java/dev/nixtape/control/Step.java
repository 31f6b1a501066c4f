package dev.nixtape.control;

/// One thing to do to a build.
sealed interface Step {
  /// Writes a file of its cgroup.
  record Write(String file, String text) implements Step {}

  /// Signals all its processes, until none is left that has not got it.
  record Send(Signal signal) implements Step {}

  record ShowProcesses() implements Step {}

  record ShowEnvironment() implements Step {}
}
