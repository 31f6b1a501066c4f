package dev.nixtape.projections;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A session as an answer shows it.
///
/// @param id `host/session`, the key of its records in the log
/// @param kind `socket`, `pipe` or `file`
/// @param pid of the process at the other end; null when unknown
/// @param client the process for which Nix works, when another one is at the other end (a daemon's
///   worker)
/// @param closedAt null while it is open
/// @param ending `end`, `error` or `unheard` (the shim went away first)
/// @param error the last error that Nix reported in it
/// @param losses what is missing of it, by reason
/// @param wanted derivations that it asked for and that were not there, as far as Nix said
public record Session(
    String id,
    String host,
    String kind,
    String path,
    @Nullable Long pid,
    @Nullable Long client,
    @Nullable String user,
    @Nullable Long uid,
    List<String> command,
    Instant openedAt,
    Instant lastAt,
    @Nullable Instant closedAt,
    @Nullable String ending,
    @Nullable Integer exitCode,
    @Nullable String error,
    List<Loss> losses,
    Tally tally,
    List<String> wanted) {

  public Session {
    command = List.copyOf(command);
    losses = List.copyOf(losses);
    wanted = List.copyOf(wanted);
  }

  public boolean open() {
    return closedAt == null;
  }

  /// Bytes of a session that the log does not hold, for one reason.
  ///
  /// @param gaps places where bytes are missing
  /// @param bytes those missing in them
  /// @param lines that ended in them, as far as somebody counted
  /// @param from when the first of them arrived
  /// @param until when the last of them arrived
  public record Loss(String why, long gaps, long bytes, long lines, Instant from, Instant until) {
    public Loss and(Loss that) {
      return new Loss(
          why,
          gaps + that.gaps,
          bytes + that.bytes,
          lines + that.lines,
          from.isBefore(that.from) ? from : that.from,
          until.isAfter(that.until) ? until : that.until);
    }
  }

  /// What the log holds of something, and what it does not.
  ///
  /// @param lines complete lines; a last line without newline counts
  /// @param text lines that are no events (a pipe's other output)
  /// @param unrecognised lines that mean nothing to this parser
  /// @param gaps places where bytes are missing
  /// @param missing the bytes missing in them
  /// @param missingLines lines that ended in them, as far as somebody counted
  /// @param repeated bytes that came twice and were counted once
  public record Tally(
      long chunks,
      long bytes,
      long lines,
      long text,
      long unrecognised,
      long gaps,
      long missing,
      long missingLines,
      long repeated) {
    public static final Tally NONE = new Tally(0, 0, 0, 0, 0, 0, 0, 0, 0);

    public Tally plus(Tally that) {
      return new Tally(
          chunks + that.chunks,
          bytes + that.bytes,
          lines + that.lines,
          text + that.text,
          unrecognised + that.unrecognised,
          gaps + that.gaps,
          missing + that.missing,
          missingLines + that.missingLines,
          repeated + that.repeated);
    }
  }
}
