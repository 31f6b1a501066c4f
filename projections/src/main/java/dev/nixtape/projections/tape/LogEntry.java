package dev.nixtape.projections.tape;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.nixtape.projections.ByteSlice;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What the log holds: the bytes of a session as they came, and beside them, in the same order,
/// what the shim knows of it.
public sealed interface LogEntry {
  SessionId session();

  /// When it happened, by the host's clock, in milliseconds.
  Instant at();

  /// The byte offset in the session's stream at which the entry stands.
  long offset();

  /// The first entry of a session.
  record Opened(SessionId session, Instant at, Source source) implements LogEntry {
    @Override
    public long offset() {
      return 0;
    }
  }

  /// A chunk: consecutive complete lines, or a piece of one line that is longer than a record may
  /// be. It ends in the middle of a line exactly when its last byte is no newline.
  record Lines(SessionId session, Instant at, long offset, ByteSlice bytes) implements LogEntry {
    public Lines {
      if (bytes.isEmpty()) {
        throw new IllegalArgumentException("a chunk holds at least one byte");
      }
    }
  }

  record Observed(SessionId session, Instant at, long offset, Observation observation)
      implements LogEntry {}

  /// Bytes that Nix sent and the log does not hold.
  ///
  /// @param at when the last of them arrived
  /// @param missing how many, from `offset` on
  /// @param lines how many lines ended in them; 0 when nobody counted
  /// @param from when the first of them arrived
  record Gap(
      SessionId session,
      Instant at,
      long offset,
      long missing,
      long lines,
      Instant from,
      String why)
      implements LogEntry {
    public Gap {
      if (missing <= 0) {
        throw new IllegalArgumentException("a gap misses at least one byte, not " + missing);
      }
    }
  }

  /// The last entry of a session.
  record Closed(SessionId session, Instant at, long offset, Ending ending) implements LogEntry {}

  /// A shim began to listen on a host: what it had open before, in another life, it will never hear
  /// again, but for the sessions that it still has something of.
  ///
  /// @param boot the host's boot id
  /// @param path the socket it listens on
  /// @param kept the ids of those sessions: they are still open, or say themselves how they ended
  record Listening(SessionId session, Instant at, String boot, String path, List<String> kept)
      implements LogEntry {
    public Listening {
      kept = List.copyOf(kept);
    }

    @Override
    public long offset() {
      return 0;
    }
  }

  /// What the host's control agent says. Its session is the agent's life, and nothing else is in
  /// it.
  record Reported(SessionId session, Instant at, Report report) implements LogEntry {
    @Override
    public long offset() {
      return 0;
    }
  }

  /// How a session ended.
  ///
  /// @param exitCode the command's status where the shim started it, else null
  /// @param detail what an error said, "" otherwise
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Ending(How how, @Nullable Integer exitCode, String detail) {
    public enum How {
      /// The other end closed it.
      END,
      /// Reading failed.
      ERROR,
      /// The shim went away before the session did; nobody knows what came after.
      UNHEARD;

      @JsonValue
      public String json() {
        return name().toLowerCase(Locale.ROOT);
      }
    }

    public static Ending end() {
      return new Ending(How.END, null, "");
    }

    public static Ending error(String detail) {
      return new Ending(How.ERROR, null, detail);
    }

    public static Ending unheard(String detail) {
      return new Ending(How.UNHEARD, null, detail);
    }

    public static Ending exited(int status) {
      return new Ending(How.END, status, "");
    }
  }
}
