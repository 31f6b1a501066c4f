package dev.nixtape.projections.fold;

import dev.nixtape.projections.Amendment;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Evidence;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Session.Loss;
import dev.nixtape.projections.fold.Activity.Running;
import dev.nixtape.projections.fold.Activity.Stopped;
import dev.nixtape.projections.nix.Derivation;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.LogEntry.Ending;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.Position;
import dev.nixtape.projections.tape.Report;
import dev.nixtape.projections.tape.Source;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Folds the entries of one partition of the log, in their order, into a `Memory`, and says what
/// finished. The result depends on nothing but the entries: time, host and identity arrive in them.
///
/// One entry is one unit: what it touches is read once from the memory and written once at its end,
/// so that a chunk of hundreds of lines costs a handful of writes.
public final class Fold {
  /// Changes with every change of what the fold remembers or answers: part of the names of stores
  /// and groups.
  public static final int VERSION = 6;

  /// Entries from one clearing away to the next.
  private static final int FORGET_EVERY = 16;

  /// Sorts behind `/`: the end of a range of keys that begin with a host and a slash.
  static final String END = "0";

  private final Memory memory;
  private final WorkingSet work;
  private final Settling settling;

  /// @param facts takes each activity that finished, before it is no longer live
  /// @param amendments takes what became known of a build since
  public Fold(Memory memory, Consumer<Build> facts, Consumer<Amendment> amendments) {
    this.memory = memory;
    this.work = new WorkingSet(memory);
    this.settling = new Settling(memory, work, facts, amendments);
  }

  /// Folds one entry.
  public void apply(LogEntry entry, Position position) {
    switch (entry) {
      case LogEntry.Opened opened -> opened(opened);
      case LogEntry.Lines lines -> lines(lines, position);
      case LogEntry.Observed observed -> observed(observed);
      case LogEntry.Gap gap -> gap(gap);
      case LogEntry.Closed closed -> closed(closed, position);
      case LogEntry.Listening listening -> listening(listening);
      case LogEntry.Reported reported -> reported(reported);
    }
    work.write();
    if (position.offset() % FORGET_EVERY == 0) {
      settling.forget(entry.session().host(), entry.at());
    }
  }

  private void opened(LogEntry.Opened entry) {
    String key = entry.session().key();
    if (memory.session(entry.session()) != null
        || memory.get(Memory.ENDED, key, EndedSession.class) != null) {
      return;
    }
    begin(OpenSession.opened(entry.session(), entry.source(), entry.at()));
  }

  private OpenSession begin(OpenSession session) {
    memory.putSession(session);
    Invocation invocation = work.invocation(session.invocation());
    work.put(invocation.opened(session.id().key()));
    return session;
  }

  /// The session of an entry. One that the log does not hold from its beginning, or that was taken
  /// for ended, begins here.
  private OpenSession session(LogEntry entry) {
    OpenSession open = memory.session(entry.session());
    if (open != null) {
      return open;
    }
    Source unknown = new Source(Source.Kind.UNKNOWN, "", "", false, null, null);
    EndedSession ended = memory.get(Memory.ENDED, entry.session().key(), EndedSession.class);
    OpenSession begun = OpenSession.opened(entry.session(), unknown, entry.at());
    return begin(
        ended == null
            ? begun
            : begun.read(ended.next(), entry.at(), ended.session().tally(), null, null));
  }

  /// Whether the log tells again what an ended session told: after a crash a shim publishes once
  /// more what it cannot know to have arrived.
  private boolean repeatsEnded(LogEntry entry, long end) {
    EndedSession ended = memory.get(Memory.ENDED, entry.session().key(), EndedSession.class);
    return ended != null && end <= ended.next();
  }

  private void gap(LogEntry.Gap gap) {
    long end = gap.offset() + gap.missing();
    if (repeatsEnded(gap, end)) {
      return;
    }
    OpenSession session = session(gap);
    if (end > session.next()) {
      memory.putSession(
          session.missing(
              new Loss(gap.why(), 1, end - session.next(), gap.lines(), gap.from(), gap.at())));
    }
  }

  /// Bytes before an entry that no gap accounts for: records that are gone from the log, or never
  /// came.
  private static Loss unexplained(OpenSession session, LogEntry entry) {
    return new Loss(
        "not in the log", 1, entry.offset() - session.next(), 0, session.lastAt(), entry.at());
  }

  private void closed(LogEntry.Closed closed, Position position) {
    if (repeatsEnded(closed, closed.offset())) {
      return;
    }
    OpenSession session = session(closed);
    if (closed.offset() > session.next()) {
      session = session.missing(unexplained(session, closed));
    }
    TornLine last = session.torn();
    if (last != null) {
      ChunkReader reader = new ChunkReader(work, settling, session, closed.at(), position);
      reader.line(last.line());
      session = session.read(session.next(), closed.at(), reader.tally(0, 0), null, reader.error());
    }
    end(session, closed.at(), closed.ending());
  }

  private void end(OpenSession session, Instant at, Ending ending) {
    String key = session.id().key();
    memory.dropSession(session.id());
    memory.put(Memory.ENDED, key, new EndedSession(session.view(at, ending), session.next()));
    HostTotals totals = memory.get(Memory.HOSTS, session.id().host(), HostTotals.class);
    memory.put(
        Memory.HOSTS,
        session.id().host(),
        (totals == null ? HostTotals.NONE : totals).plus(session.tally(), at));
    Invocation invocation =
        work.invocation(session.invocation()).closed(key, ending.how() == Ending.How.UNHEARD);
    work.put(invocation);
    if (invocation.over()) {
      settling.end(session.id().host(), invocation, at);
    }
  }

  private void listening(LogEntry.Listening listening) {
    List<OpenSession> lost =
        memory.sessionsOf(listening.session().host()).stream()
            .filter(session ->
                !session.source().boot().equals(listening.boot())
                    || (session.source().kind() == Source.Kind.SOCKET
                        && session.source().path().equals(listening.path())
                        // A shim that was killed is told of again by the next one, behind sessions
                        // that it opened itself.
                        && session.openedAt().isBefore(listening.at())))
            .filter(session -> !listening.kept().contains(session.id().id()))
            .sorted(Comparator.comparing(session -> session.id().key()))
            .toList();
    for (OpenSession session : lost) {
      end(session, listening.at(), Ending.unheard("the shim began anew"));
    }
  }

  private void lines(LogEntry.Lines chunk, Position position) {
    long end = chunk.offset() + chunk.bytes().length();
    if (repeatsEnded(chunk, end)) {
      return;
    }
    OpenSession session = session(chunk);
    if (end <= session.next()) {
      memory.putSession(session.repeated(chunk.bytes().length()));
      return;
    }
    if (chunk.offset() > session.next()) {
      session = session.missing(unexplained(session, chunk));
    }
    ByteSlice bytes = chunk.bytes().from((int) (session.next() - chunk.offset()));
    ChunkReader reader = new ChunkReader(work, settling, session, chunk.at(), position);
    TornLine torn = reader.read(bytes);
    memory.putSession(
        session.read(
            end,
            chunk.at(),
            reader.tally(bytes.length(), chunk.bytes().length() - bytes.length()),
            torn,
            reader.error()));
  }

  private void observed(LogEntry.Observed entry) {
    String host = entry.session().host();
    if (entry.observation() instanceof Observation.Planned planned) {
      OpenSession open = memory.session(entry.session());
      if (open != null) {
        memory.putSession(open.wanting(planned.drvPaths()));
      }
      return;
    }
    Activity activity = work.activity(host, entry.observation().activity());
    if (activity == null) {
      return;
    }
    switch (entry.observation()) {
      case Observation.DerivationRead read -> {
        Derivation derivation;
        try {
          derivation = Derivation.parse(read.text());
        } catch (IllegalArgumentException e) {
          return;
        }
        boolean rebuilt =
            derivation.outputs().stream().allMatch(o -> read.present().contains(o.path()));
        work.put(activity.withSubject(activity.subject().described(derivation, rebuilt)));
      }
      case Observation.Planned _, Observation.DerivationKnown _ -> {
        // It says nothing of this activity.
      }
      case Observation.OutputsChecked checked -> checked(activity, outputs(activity, checked));
      case Observation.Unreadable _ -> checked(activity, null);
    }
  }

  private void reported(LogEntry.Reported entry) {
    String host = entry.session().host();
    switch (entry.report()) {
      case Report.Killing killing ->
          memory.builds(host, killing.drvPath(), entry.at()).stream()
              // One that has stopped ended before anybody killed it.
              .filter(build -> build instanceof Running)
              .forEach(build -> work.put(build.withEvidence(Verdict.killing(killing))));
      case Report.Used used -> settling.used(host, used, entry.at());
    }
  }

  private static @Nullable Evidence outputs(Activity activity, Observation.OutputsChecked checked) {
    if (!checked.absent().isEmpty()) {
      return new Evidence(
          Verdict.OUTPUTS,
          Outcome.UNKNOWN,
          "not in the store: " + String.join(" ", checked.absent()));
    }
    return activity.subject().rebuilt() || checked.present().isEmpty()
        ? null
        : new Evidence(
            Verdict.OUTPUTS,
            Outcome.SUCCEEDED,
            "in the store, and not before: " + String.join(" ", checked.present()));
  }

  private void checked(Activity activity, @Nullable Evidence evidence) {
    Activity more = evidence == null ? activity : activity.withEvidence(evidence);
    switch (more) {
      case Running running -> work.put(running.withIdentity(running.identity().unobserved()));
      case Stopped stopped -> {
        work.put(stopped.outputsChecked());
        settling.settleIfComplete(stopped.identity().host(), stopped.identity().nixId());
      }
    }
  }

  static String activityKey(String host, long nixId) {
    return host + "/" + Long.toUnsignedString(nixId);
  }
}
