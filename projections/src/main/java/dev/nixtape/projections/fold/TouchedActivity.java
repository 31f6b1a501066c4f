package dev.nixtape.projections.fold;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.fold.Activity.Running;
import dev.nixtape.projections.nix.FrequentResult;
import dev.nixtape.projections.tape.Position;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An activity that an entry touches. One entry may tell hundreds of its results: they are counted
/// here, and make one change of it when somebody asks what it is now.
final class TouchedActivity {
  /// Its key in the memory.
  final String key;

  private final @Nullable Activity before;
  private @Nullable Activity now;

  /// The session whose results are counted here, and how many it and the furthest have told.
  private @Nullable String teller;

  private long told;
  private long furthest;

  private boolean progressed;
  private long done;
  private long expected;
  private long running;
  private long failed;

  private long logLines;
  private @Nullable Position lastLogLine;

  TouchedActivity(String key, @Nullable Activity before) {
    this.key = key;
    this.before = before;
    this.now = before;
  }

  boolean isLive() {
    return now != null;
  }

  /// Null when it is not live.
  @Nullable Activity now() {
    if (teller != null) {
      count(Objects.requireNonNull(now), teller);
      teller = null;
    }
    return now;
  }

  private void count(Activity counted, String session) {
    Activity more = counted.withTelling(counted.telling().told(session, told));
    if (more instanceof Running still) {
      Course course = still.course();
      if (progressed) {
        course = course.at(new Build.Progress(done, expected, running, failed));
      }
      if (lastLogLine != null) {
        course = course.withLogLines(logLines, lastLogLine);
      }
      more = still.went(course);
    }
    progressed = false;
    logLines = 0;
    lastLogLine = null;
    now = more;
  }

  void become(@Nullable Activity changed) {
    teller = null;
    now = changed;
  }

  boolean changed() {
    return !Objects.equals(now(), before);
  }

  /// One more line of its log.
  void logLine(String session, Position position) {
    if (isNews(session)) {
      logLines++;
      lastLogLine = position;
    }
  }

  /// How far it is.
  void progress(String session, FrequentResult progress) {
    if (isNews(session)) {
      progressed = true;
      done = progress.done();
      expected = progress.expected();
      running = progress.running();
      failed = progress.failed();
    }
  }

  /// Counts one more result of a session: whether it is news.
  private boolean isNews(String session) {
    if (!session.equals(teller)) {
      Telling telling = Objects.requireNonNull(now()).telling();
      told = telling.toldBy(session);
      if (told < 0) {
        return false;
      }
      furthest = telling.results();
      teller = session;
    }
    told++;
    if (told <= furthest) {
      return false;
    }
    furthest = told;
    return true;
  }
}
