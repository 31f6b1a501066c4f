package dev.nixtape.projections.fold;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Evidence;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.nix.FailureText;
import dev.nixtape.projections.tape.Position;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An activity that is not settled yet: it runs, or it stopped and may still get evidence of how.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "state")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Activity.Running.class, name = "running"),
  @JsonSubTypes.Type(value = Activity.Stopped.class, name = "stopped")
})
sealed interface Activity {

  /// What never changes of it, or only gets known better.
  ///
  /// @param nixId Nix's id
  /// @param id ours
  /// @param invocation whose closing settles it
  /// @param user of the client; null when unknown
  /// @param observed a shim will say whether its outputs are there
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Identity(
      long nixId,
      String id,
      String host,
      String session,
      String invocation,
      @Nullable String user,
      @Nullable Long uid,
      @Nullable String parent,
      boolean observed) {

    Identity unobserved() {
      return new Identity(nixId, id, host, session, invocation, user, uid, parent, false);
    }

    Identity requestedBy(@Nullable String name, @Nullable Long number) {
      return uid != null
          ? this
          : new Identity(nixId, id, host, session, invocation, name, number, parent, observed);
    }
  }

  Identity identity();

  Subject subject();

  Telling telling();

  Course course();

  List<Evidence> evidence();

  /// Of its log, as the last message about its failure repeats them.
  List<String> lastLines();

  Activity withEvidence(Evidence more);

  /// A message says why it failed.
  Activity explained(FailureText failure);

  Activity withSubject(Subject better);

  Activity withTelling(Telling telling);

  Activity withIdentity(Identity better);

  Activity withUsed(Build.Used used);

  /// As an answer shows it now.
  Build view();

  record Running(
      Identity identity,
      Subject subject,
      Telling telling,
      Course course,
      List<Evidence> evidence,
      List<String> lastLines)
      implements Activity {

    Running went(Course course) {
      return new Running(identity, subject, telling, course, evidence, lastLines);
    }

    Stopped stopped(Instant at, Position position) {
      return new Stopped(
          identity,
          subject,
          telling,
          course.upTo(position),
          evidence,
          lastLines,
          at,
          !identity.observed());
    }

    /// It never stopped before everybody who told of it was gone.
    Build cut(Instant at, Outcome outcome, String why) {
      return new Stopped(
              identity,
              subject,
              telling,
              course,
              plus(evidence, new Evidence(Verdict.SESSION, outcome, why)),
              lastLines,
              at,
              true)
          .view();
    }

    @Override
    public Activity withEvidence(Evidence more) {
      return new Running(identity, subject, telling, course, plus(evidence, more), lastLines);
    }

    @Override
    public Running explained(FailureText failure) {
      return new Running(
          identity,
          subject,
          telling,
          course,
          plus(evidence, Verdict.message(failure)),
          failure.lastLines());
    }

    @Override
    public Activity withSubject(Subject better) {
      return new Running(identity, better, telling, course, evidence, lastLines);
    }

    @Override
    public Running withTelling(Telling telling) {
      return new Running(identity, subject, telling, course, evidence, lastLines);
    }

    @Override
    public Activity withIdentity(Identity better) {
      return new Running(better, subject, telling, course, evidence, lastLines);
    }

    @Override
    public Running withUsed(Build.Used used) {
      return went(course.withUsed(used));
    }

    @Override
    public Build view() {
      return build(this, null, null, null, List.of());
    }
  }

  /// @param checked nothing more will be seen of its outputs
  record Stopped(
      Identity identity,
      Subject subject,
      Telling telling,
      Course course,
      List<Evidence> evidence,
      List<String> lastLines,
      Instant at,
      boolean checked)
      implements Activity {

    Outcome outcome() {
      return Verdict.of(evidence);
    }

    Stopped outputsChecked() {
      return new Stopped(identity, subject, telling, course, evidence, lastLines, at, true);
    }

    /// No later entry can change what is known of it.
    boolean complete() {
      return switch (subject.kind()) {
        case BUILD ->
            checked
                && switch (Verdict.byNix(evidence)) {
                  case SUCCEEDED, CACHED -> true;
                  case FAILED -> Verdict.said(evidence, Verdict.MESSAGE).isPresent();
                  case INTERRUPTED, UNKNOWN -> false;
                };
        case SUBSTITUTE, COPY -> outcome() != Outcome.UNKNOWN;
        case DOWNLOAD, FETCH, IMPORT, QUERY, WAIT, HOOK, OPTIMISE, VERIFY, OTHER -> true;
      };
    }

    @Override
    public Stopped withEvidence(Evidence more) {
      return new Stopped(
          identity, subject, telling, course, plus(evidence, more), lastLines, at, checked);
    }

    @Override
    public Stopped explained(FailureText failure) {
      return new Stopped(
          identity,
          subject,
          telling,
          course,
          plus(evidence, Verdict.message(failure)),
          failure.lastLines(),
          at,
          checked);
    }

    @Override
    public Stopped withSubject(Subject better) {
      return new Stopped(identity, better, telling, course, evidence, lastLines, at, checked);
    }

    @Override
    public Stopped withTelling(Telling telling) {
      return new Stopped(identity, subject, telling, course, evidence, lastLines, at, checked);
    }

    @Override
    public Stopped withIdentity(Identity better) {
      return new Stopped(better, subject, telling, course, evidence, lastLines, at, checked);
    }

    @Override
    public Stopped withUsed(Build.Used used) {
      return new Stopped(
          identity, subject, telling, course.withUsed(used), evidence, lastLines, at, checked);
    }

    @Override
    public Build view() {
      Outcome outcome = outcome();
      return switch (outcome) {
        // What a builder makes up comes while it runs, Nix's own words when it is over.
        case FAILED -> build(this, at, outcome, last(Verdict.MESSAGE), lastLines);
        case INTERRUPTED -> build(this, at, outcome, last(Verdict.CONTROL), List.of());
        case SUCCEEDED, CACHED, UNKNOWN -> build(this, at, outcome, null, List.of());
      };
    }

    private @Nullable String last(String source) {
      return evidence.stream()
          .filter(e -> e.source().equals(source))
          .map(Evidence::detail)
          .reduce((_, last) -> last)
          .orElse(null);
    }
  }

  private static List<Evidence> plus(List<Evidence> evidence, Evidence more) {
    if (evidence.contains(more)) {
      return evidence;
    }
    List<Evidence> all = new ArrayList<>(evidence);
    all.add(more);
    return List.copyOf(all);
  }

  private static Build build(
      Activity activity,
      @Nullable Instant finishedAt,
      @Nullable Outcome outcome,
      @Nullable String reason,
      List<String> lastLines) {
    Identity identity = activity.identity();
    Subject subject = activity.subject();
    Course course = activity.course();
    int copies = activity.telling().copies();
    boolean transfer = subject.kind() == Build.Kind.COPY || subject.kind() == Build.Kind.DOWNLOAD;
    return new Build(
        identity.id(),
        Long.toUnsignedString(identity.nixId()),
        subject.kind(),
        subject.drvPath(),
        subject.storePath(),
        subject.name(),
        subject.pname(),
        subject.version(),
        subject.system(),
        identity.host(),
        subject.machine(),
        identity.user(),
        identity.uid(),
        identity.session(),
        subject.uri(),
        identity.parent(),
        course.startedAt(),
        finishedAt,
        finishedAt == null ? null : Duration.between(course.startedAt(), finishedAt).toMillis(),
        course.phase(),
        course.phaseTimes(finishedAt, copies),
        course.progress().equals(Build.Progress.NONE) ? null : course.progress(),
        course.logLines() / copies,
        transfer ? course.progress().done() : null,
        outcome,
        reason,
        reason == null || outcome != Outcome.FAILED ? null : Verdict.exitCode(reason),
        lastLines,
        activity.evidence(),
        course.log(),
        course.used(),
        null,
        null);
  }
}
