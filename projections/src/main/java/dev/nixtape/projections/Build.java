package dev.nixtape.projections;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One activity of Nix, once, whatever number of streams told of it: a build, a substitution, a
/// copy, a download, … The JSON of this record is what the query server answers and what
/// `nixtape.builds` holds; its keys are a promise.
///
/// @param id 16 characters, the same whenever the log is projected again; people use the first 8
/// @param nixId Nix's own id, unsigned 64-bit in decimal (text: most readers of JSON would round
///   it)
/// @param name a derivation's or store path's name without hash; a download's file name; for other
///   kinds Nix's text
/// @param system of the derivation; null when no one could read it
/// @param machine `local`, or the remote store that builds it; null for what is no build
/// @param user for whom: the client's user, never the build user; null when its host has no name
///   for the uid
/// @param uri a substituter, a copy's source or a download's address; null for others
/// @param parent the id of the activity that this one is part of
/// @param finishedAt null while it runs
/// @param phase the phase it is in, or was in at its end
/// @param logLines lines of its own log so far
/// @param bytes copied or downloaded; null for kinds that move none
/// @param outcome null while it runs
/// @param reason why it failed, in Nix's words, or who interrupted it and why; null when nobody
///   said
/// @param lastLines of its log, as far as Nix repeated them when it said why it failed; empty when
///   it did not: 25 lines and 4,096 characters at most, without colours
/// @param log where in `nixtape.log` its lines stand
/// @param used null while it runs, and when nobody measured; in JSON its keys are among the others
/// @param now what it uses now: in answers, never in facts; null when its host does not say
/// @param remote the account of the machine that it was sent to, whose phases and figures are then
///   this one's: in answers, never in facts; null when it was not sent or nobody recorded there
public record Build(
    String id,
    String nixId,
    Kind kind,
    @Nullable String drvPath,
    @Nullable String storePath,
    String name,
    @Nullable String pname,
    @Nullable String version,
    @Nullable String system,
    String host,
    @Nullable String machine,
    @Nullable String user,
    @Nullable Long uid,
    String session,
    @Nullable String uri,
    @Nullable String parent,
    Instant startedAt,
    @Nullable Instant finishedAt,
    @Nullable Long durationMs,
    @Nullable String phase,
    List<PhaseTime> phases,
    @Nullable Progress progress,
    long logLines,
    @Nullable Long bytes,
    @Nullable Outcome outcome,
    @Nullable String reason,
    @Nullable Integer exitCode,
    List<String> lastLines,
    List<Evidence> evidence,
    LogRange log,
    @Nullable Used used,
    @Nullable Now now,
    @Nullable Remote remote) {

  public enum Kind {
    BUILD,
    SUBSTITUTE,
    COPY,
    DOWNLOAD,
    /// A flake input or other tree is fetched.
    FETCH,
    /// A source is put into the store.
    IMPORT,
    /// A substituter is asked about a path.
    QUERY,
    /// A build waits for a lock, a machine or a build user.
    WAIT,
    HOOK,
    OPTIMISE,
    VERIFY,
    /// What Nix gives no type: evaluating, connecting, …
    OTHER;

    private final String json = name().toLowerCase(Locale.ROOT);

    @JsonValue
    public String json() {
      return json;
    }
  }

  public enum Outcome {
    SUCCEEDED,
    FAILED,
    INTERRUPTED,
    /// Its outputs were there already.
    CACHED,
    /// There is no evidence, or it is at odds.
    UNKNOWN;

    private final String json = name().toLowerCase(Locale.ROOT);

    @JsonValue
    public String json() {
      return json;
    }
  }

  /// A phase of a builder.
  ///
  /// @param durationMs up to the next phase or the end; null for the phase that still runs
  public record PhaseTime(String name, @Nullable Long durationMs) {}

  /// Nix's own four numbers: bytes for copies and downloads.
  public record Progress(long done, long expected, long running, long failed) {
    public static final Progress NONE = new Progress(0, 0, 0, 0);
  }

  /// One reason to believe an outcome.
  ///
  /// @param source `build-result`, `message`, `counter`, `outputs`, `bytes`, `substitution`,
  ///   `session` or `control`
  /// @param says the outcome that it speaks for
  /// @param detail what was seen
  public record Evidence(String source, Outcome says, String detail) {}

  /// Offsets in a partition of `nixtape.log`, both included.
  public record LogRange(int partition, long from, long to) {}

  /// What a build used from its begin to its end, all of its processes together, as its host's
  /// control agent says.
  ///
  /// @param cpuUserMs processor time
  /// @param peakMemory bytes
  /// @param ioBytes read and written; null where nobody counts
  public record Used(long cpuUserMs, long cpuSystemMs, long peakMemory, @Nullable Long ioBytes) {
    public long cpuMs() {
      return cpuUserMs + cpuSystemMs;
    }
  }

  /// What a build uses while it runs.
  ///
  /// @param cpuPercent of one processor, over the last second or so; null before anybody can say
  /// @param memory bytes
  /// @param frozen nothing of it runs until somebody thaws it
  public record Now(@Nullable Long cpuPercent, long memory, boolean frozen) {}

  /// A build on another machine, as that machine recorded it, by its own clock.
  ///
  /// @param id of that record
  /// @param finishedAt null while it runs
  /// @param outsideMs how long it was not built there: it waited, and what it needs and made was
  ///   copied; null while it runs
  public record Remote(
      String id,
      String host,
      Instant startedAt,
      @Nullable Instant finishedAt,
      @Nullable Long outsideMs) {}

  public Build {
    phases = List.copyOf(phases);
    lastLines = List.copyOf(lastLines);
    evidence = List.copyOf(evidence);
  }

  public boolean running() {
    return finishedAt == null;
  }

  public Build withUsed(Used used) {
    return with(phase, phases, used, now, remote);
  }

  public Build withNow(Now now) {
    return with(phase, phases, used, now, remote);
  }

  /// With the account of the machine that it was sent to.
  public Build with(Build account) {
    Instant began = later(startedAt, account.startedAt);
    Long outsideMs = null;
    if (finishedAt != null) {
      Instant ended =
          account.finishedAt == null || account.finishedAt.isAfter(finishedAt)
              ? finishedAt
              : account.finishedAt;
      long inside = Math.max(0, Duration.between(began, ended).toMillis());
      outsideMs = Duration.between(startedAt, finishedAt).toMillis() - inside;
    }
    return with(
        account.phase,
        account.phases,
        account.used,
        finishedAt == null ? account.now : null,
        new Remote(account.id, account.host, account.startedAt, account.finishedAt, outsideMs));
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private Build with(
      @Nullable String phase,
      List<PhaseTime> phases,
      @Nullable Used used,
      @Nullable Now now,
      @Nullable Remote remote) {
    return new Build(
        id,
        nixId,
        kind,
        drvPath,
        storePath,
        name,
        pname,
        version,
        system,
        host,
        machine,
        user,
        uid,
        session,
        uri,
        parent,
        startedAt,
        finishedAt,
        durationMs,
        phase,
        phases,
        progress,
        logLines,
        bytes,
        outcome,
        reason,
        exitCode,
        lastLines,
        evidence,
        log,
        used,
        now,
        remote);
  }

  /// By when it is sorted among others: when it ended, or, while it runs, when it began.
  public Instant endedAt() {
    return finishedAt == null ? startedAt : finishedAt;
  }

  /// How long it took, or has taken at `now`.
  public Duration elapsed(Instant now) {
    return Duration.between(startedAt, finishedAt == null ? now : finishedAt);
  }
}
