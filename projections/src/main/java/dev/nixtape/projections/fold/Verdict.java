package dev.nixtape.projections.fold;

import dev.nixtape.projections.Build.Evidence;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.nix.FailureText;
import dev.nixtape.projections.nix.NixEvent;
import dev.nixtape.projections.tape.Report;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How an activity ended, weighed from evidence, because Nix's stream does not say it.
///
/// What counts is the strongest evidence that no hostile builder can make: a build result; the
/// worker's own counters; the outputs in the store. A builder can have any text it likes printed as
/// an error message: so a message explains a failure, and does not make one unless the missing
/// outputs agree. That somebody interrupted it no builder can say either; for Nix it then failed.
final class Verdict {
  static final String BUILD_RESULT = "build-result";
  static final String MESSAGE = "message";
  static final String COUNTER = "counter";
  static final String OUTPUTS = "outputs";
  static final String BYTES = "bytes";
  static final String SUBSTITUTION = "substitution";
  static final String SESSION = "session";
  static final String CONTROL = "control";

  private Verdict() {}

  static Outcome of(List<Evidence> evidence) {
    Outcome outcome = byNix(evidence);
    return switch (outcome) {
      case FAILED, UNKNOWN -> said(evidence, CONTROL).orElse(outcome);
      case SUCCEEDED, INTERRUPTED, CACHED -> outcome;
    };
  }

  /// The same, as if nobody but Nix could end a build.
  static Outcome byNix(List<Evidence> evidence) {
    for (String source : List.of(BUILD_RESULT, COUNTER, BYTES, SUBSTITUTION)) {
      Optional<Outcome> said = said(evidence, source);
      if (said.isPresent()) {
        return said.get();
      }
    }
    Optional<Outcome> message = said(evidence, MESSAGE);
    Optional<Outcome> outputs = said(evidence, OUTPUTS);
    if (message.isPresent() && outputs.equals(Optional.of(Outcome.UNKNOWN))) {
      return Outcome.FAILED;
    }
    if (outputs.equals(Optional.of(Outcome.SUCCEEDED))) {
      return Outcome.SUCCEEDED;
    }
    return said(evidence, SESSION).orElse(Outcome.UNKNOWN);
  }

  static Optional<Outcome> said(List<Evidence> evidence, String source) {
    return evidence.stream().filter(e -> e.source().equals(source)).map(Evidence::says).findFirst();
  }

  /// The exit code that a reason names, null when it names none.
  static @Nullable Integer exitCode(String reason) {
    return FailureText.exitCodeIn(reason).orElse(null);
  }

  static Evidence message(FailureText failure) {
    return new Evidence(MESSAGE, Outcome.FAILED, failure.reason());
  }

  static Evidence killing(Report.Killing killing) {
    return new Evidence(
        CONTROL,
        Outcome.INTERRUPTED,
        "interrupted by %s via nixtape%s"
            .formatted(killing.by(), killing.reason().isEmpty() ? "" : ": " + killing.reason()));
  }

  static Evidence buildResult(NixEvent.BuildResult result) {
    String status = result.status();
    Outcome says =
        switch (status) {
          case "Built" -> Outcome.SUCCEEDED;
          case "Substituted", "AlreadyValid", "ResolvesToAlreadyValid" -> Outcome.CACHED;
          default ->
              result.success() == null
                  ? (status.isEmpty() ? Outcome.UNKNOWN : Outcome.FAILED)
                  : result.success() ? Outcome.SUCCEEDED : Outcome.FAILED;
        };
    String detail = result.error().isEmpty() ? status : status + ": " + result.error();
    return new Evidence(BUILD_RESULT, says, detail);
  }

  static Evidence counter(Outcome says, String root, long done, long failed) {
    return new Evidence(
        COUNTER,
        says,
        "the worker counted it as %s: %s done %d, failed %d"
            .formatted(says.name().toLowerCase(Locale.ROOT), root, done, failed));
  }
}
