package dev.nixtape.projections.fold;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Evidence;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Session.Tally;
import dev.nixtape.projections.fold.Activity.Running;
import dev.nixtape.projections.fold.Activity.Stopped;
import dev.nixtape.projections.nix.ActivityType;
import dev.nixtape.projections.nix.FailureText;
import dev.nixtape.projections.nix.FrequentResult;
import dev.nixtape.projections.nix.NixEvent;
import dev.nixtape.projections.nix.NixLine;
import dev.nixtape.projections.tape.Position;
import dev.nixtape.projections.tape.Source;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Reads the lines of one chunk of a session: what they say of activities, and how many they are.
final class ChunkReader {
  /// Characters kept of an error message in a session.
  private static final int ERROR_LENGTH = 500;

  private static final String ERROR = "error:";

  private final WorkingSet work;
  private final Settling settling;
  private final OpenSession session;
  private final String key;
  private final String host;
  private final Instant at;
  private final Position position;
  private long lines;
  private long text;
  private long unrecognised;
  private @Nullable String error;

  ChunkReader(
      WorkingSet work, Settling settling, OpenSession session, Instant at, Position position) {
    this.work = work;
    this.settling = settling;
    this.session = session;
    this.key = session.id().key();
    this.host = session.id().host();
    this.at = at;
    this.position = position;
  }

  Tally tally(long bytes, long repeated) {
    return new Tally(bytes == 0 ? 0 : 1, bytes, lines, text, unrecognised, 0, 0, 0, repeated);
  }

  /// The last error that Nix reported; null when it reported none.
  @Nullable String error() {
    return error;
  }

  /// Returns what stands of a line whose end is not in the chunk.
  @Nullable TornLine read(ByteSlice bytes) {
    int from = 0;
    TornLine torn = session.torn();
    if (torn != null) {
      int end = bytes.indexOf((byte) '\n', 0);
      if (end < 0) {
        return torn.and(bytes);
      }
      line(torn.and(bytes.first(end)).line());
      from = end + 1;
    }
    FrequentResult frequent = new FrequentResult(bytes.array());
    while (from < bytes.length()) {
      int end = frequent.read(bytes.from() + from, bytes.to()) - bytes.from();
      if (end > 0 && end < bytes.length() && bytes.at(end) == '\n') {
        lines++;
        result(frequent);
      } else {
        end = bytes.indexOf((byte) '\n', from);
        if (end < 0) {
          return TornLine.begin(bytes.from(from));
        }
        line(bytes.slice(from, end));
      }
      from = end + 1;
    }
    return null;
  }

  private void result(FrequentResult result) {
    TouchedActivity activity = work.touch(host, result.id());
    if (!activity.isLive()) {
      rootResult(result.event());
    } else if (result.isLogLine()) {
      activity.logLine(key, position);
    } else {
      activity.progress(key, result);
    }
  }

  void line(ByteSlice line) {
    lines++;
    switch (NixLine.parse(line)) {
      case NixEvent.Result result -> result(result);
      case NixEvent.Start start -> start(start);
      case NixEvent.Stop stop -> stop(stop);
      case NixEvent.Message message -> message(message);
      case NixEvent.Text() -> {
        if (session.source().kind() == Source.Kind.SOCKET) {
          unrecognised++;
        } else {
          text++;
        }
      }
      case NixEvent.Unrecognised _ -> unrecognised++;
    }
  }

  private void result(NixEvent.Result result) {
    switch (work.activity(host, result.id())) {
      case Running running -> result(running, result);
      case Stopped stopped -> work.put(stopped.withTelling(stopped.telling().told(key)));
      case null -> rootResult(result);
    }
  }

  private void result(Running running, NixEvent.Result result) {
    Running told = running.withTelling(running.telling().told(key));
    if (told.telling().results() == running.telling().results()) {
      work.put(told);
      return;
    }
    Course course = told.course();
    work.put(
        switch (result) {
          case NixEvent.Progress(var _, var done, var expected, var active, var failed) ->
              told.went(course.at(new Build.Progress(done, expected, active, failed)));
          case NixEvent.LogLine _ -> told.went(course.withLogLines(1, position));
          case NixEvent.Phase(var _, var phase) -> told.went(course.inPhase(phase, at));
          case NixEvent.BuildResult build -> told.withEvidence(Verdict.buildResult(build));
          case NixEvent.Other _ -> told;
        });
  }

  private void rootResult(NixEvent.Result result) {
    ofRoot(result.id(), (worker, goals) -> settling.judge(host, worker, goals.told(result, key)));
  }

  private void rootStop(long root) {
    ofRoot(
        root,
        (worker, goals) -> {
          if (goals.telling().isLastEnd()) {
            settling.endGoals(host, worker, goals, false);
          } else {
            work.put(worker, goals.oneEnded());
          }
        });
  }

  /// Does something with the goals that a root counts, when it is one.
  private void ofRoot(long root, BiConsumer<String, Goals> something) {
    for (Build.Kind kind : WorkingSet.COUNTED) {
      String worker = WorkingSet.worker(host, root, kind);
      Goals goals = work.goals(worker);
      if (goals != null && goals.root() == root) {
        something.accept(worker, goals);
      }
    }
  }

  private void start(NixEvent.Start start) {
    if (Subject.isRoot(start.type())) {
      startRoot(start);
      return;
    }
    if (work.isInner(host, start.id())) {
      return;
    }
    Activity known = work.activity(host, start.id());
    if (known != null && known.telling().toldBy(key) >= 0) {
      if (known instanceof Running running) {
        work.put(running.withTelling(running.telling().toldAgain()));
      }
      return;
    }
    if (known != null) {
      var requester = session.source().requester();
      Activity joined = known.withTelling(known.telling().joinedBy(key));
      work.put(
          requester.isEmpty()
              ? joined
              : joined.withIdentity(
                  joined.identity().requestedBy(requester.get().user(), requester.get().uid())));
      return;
    }
    if (settling.hasEnded(host, start.id(), session.openedAt(), at)) {
      return;
    }
    begin(start);
  }

  private void begin(NixEvent.Start start) {
    Activity parent = start.parent() == 0 ? null : work.activity(host, start.parent());
    var requester = session.source().requester();
    Invocation invocation = work.invocation(session.invocation());
    Subject subject = Subject.of(start);
    Running remote = remote(start, subject, invocation);
    if (remote != null) {
      work.adopt(remote, start.id());
      return;
    }
    work.put(
        new Running(
            new Activity.Identity(
                start.id(),
                ActivityId.of(host, start.id(), session.source().boot(), at),
                host,
                key,
                invocation.key(),
                requester.map(Source.Process::user).orElse(null),
                requester.map(Source.Process::uid).orElse(null),
                parent == null ? null : parent.identity().id(),
                session.source().observed() && subject.kind() == Build.Kind.BUILD),
            subject,
            Telling.by(key),
            Course.begun(at, position),
            List.of(),
            List.of()));
    work.put(invocation.began(start.id()));
  }

  /// A build on another machine is told twice, by the same worker: as the build, with the machine,
  /// and as that machine's own account of it, with its log. This finds the one of the other.
  private @Nullable Running remote(NixEvent.Start start, Subject subject, Invocation invocation) {
    if (subject.kind() != Build.Kind.BUILD || !Subject.LOCAL.equals(subject.machine())) {
      return null;
    }
    for (long nixId : invocation.unsettled()) {
      if (NixEvent.opener(nixId) == NixEvent.opener(start.id())
          && work.activity(host, nixId) instanceof Running build
          && build.subject().kind() == Build.Kind.BUILD
          && !Subject.LOCAL.equals(build.subject().machine())
          && Objects.equals(build.subject().drvPath(), subject.drvPath())) {
        return build;
      }
    }
    return null;
  }

  private void startRoot(NixEvent.Start start) {
    Build.Kind kind =
        start.type() == ActivityType.BUILDS
            ? Build.Kind.BUILD
            : start.type() == ActivityType.COPY_PATHS ? Build.Kind.SUBSTITUTE : null;
    if (kind == null) {
      return;
    }
    String worker = WorkingSet.worker(host, start.id(), kind);
    Goals goals = work.goals(worker);
    if (goals != null && goals.root() == start.id()) {
      work.put(worker, goals.joinedBy(key));
    } else if (goals == null || Long.compareUnsigned(start.id(), goals.root()) > 0) {
      work.put(worker, Goals.under(start.id(), kind, key));
      work.put(work.invocation(session.invocation()).served(worker));
    }
  }

  private void stop(NixEvent.Stop stop) {
    if (work.isInner(host, stop.id())) {
      return;
    }
    switch (work.activity(host, stop.id())) {
      case Running running -> stop(running);
      case Stopped _ -> {}
      case null -> rootStop(stop.id());
    }
  }

  private void stop(Running running) {
    if (!running.telling().isLastEnd()) {
      work.put(running.withTelling(running.telling().oneEnded()));
      return;
    }
    Stopped stopped = running.stopped(at, position);
    Build.Kind kind = stopped.subject().kind();
    if (kind == Build.Kind.COPY || kind == Build.Kind.DOWNLOAD) {
      Build.Progress progress = stopped.course().progress();
      if (progress.expected() > 0 && progress.done() >= progress.expected()) {
        stopped =
            stopped.withEvidence(
                new Evidence(
                    Verdict.BYTES,
                    Outcome.SUCCEEDED,
                    "all %d bytes arrived".formatted(progress.expected())));
      }
    }
    work.put(stopped);
    if (kind == Build.Kind.BUILD || kind == Build.Kind.SUBSTITUTE) {
      String worker = WorkingSet.worker(host, stopped.identity().nixId(), kind);
      Goals goals = work.goals(worker);
      if (goals != null) {
        settling.judge(host, worker, goals.stopped(stopped.identity().nixId()));
      }
    }
    settling.settleIfComplete(host, stopped.identity().nixId());
  }

  private void message(NixEvent.Message message) {
    if (message.level() != 0) {
      return;
    }
    String plain = FailureText.withoutColours(message.text());
    if (plain.startsWith(ERROR)) {
      error = plain.substring(0, Math.min(plain.length(), ERROR_LENGTH));
    }
    FailureText.of(message.text())
        .ifPresentOrElse(
            this::failure,
            () -> {
              if (plain.startsWith(ERROR)) {
                work.put(
                    work.invocation(session.invocation())
                        .reported(
                            plain
                                .lines()
                                .findFirst()
                                .orElse("")
                                .substring(ERROR.length())
                                .strip()));
              }
            });
  }

  private void failure(FailureText failure) {
    for (long nixId : work.invocation(session.invocation()).unsettled()) {
      Activity activity = work.activity(host, nixId);
      if (activity != null
          && activity.subject().kind() == Build.Kind.BUILD
          && failure.drvPath().equals(activity.subject().drvPath())) {
        work.put(activity.explained(failure));
        String worker = WorkingSet.worker(host, nixId, Build.Kind.BUILD);
        Goals goals = work.goals(worker);
        if (goals != null) {
          settling.judge(host, worker, goals);
        }
        settling.settleIfComplete(host, nixId);
      }
    }
  }
}
