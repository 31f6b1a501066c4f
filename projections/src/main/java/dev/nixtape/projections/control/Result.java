package dev.nixtape.projections.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SortedMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// How a command ended, by the agent that read it.
///
/// @param command its id; null of what was no command
/// @param offset of the record in its partition of `nixtape.control`: a command that somebody sent
///   twice is read twice
/// @param at by the agent's clock
public record Result(@Nullable UUID command, String host, long offset, Instant at, Ending ending) {

  public Result {
    // Whoever writes to the topic may leave anything out.
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(at, "at");
    Objects.requireNonNull(ending, "ending");
  }

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "ended")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Done.class, name = "done"),
    @JsonSubTypes.Type(value = Shown.class, name = "shown"),
    @JsonSubTypes.Type(value = Refused.class, name = "refused"),
    @JsonSubTypes.Type(value = Expired.class, name = "expired")
  })
  public sealed interface Ending {}

  /// @param did each step, in words: what was written where, which process got which signal
  public record Done(List<String> did) implements Ending {
    public Done {
      did = List.copyOf(did);
    }
  }

  /// What somebody wanted to see.
  ///
  /// @param processes null unless they were asked for; the builder first
  /// @param environment null unless it was asked for; values that look like secrets are `***`
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Shown(
      @Nullable List<Process> processes, @Nullable SortedMap<String, String> environment)
      implements Ending {}

  /// A process of a build.
  ///
  /// @param pid on the host
  /// @param state as `/proc/PID/stat` has it: R, S, D, T, Z, …
  /// @param cpuMs of processor time, user and system
  /// @param rss bytes
  public record Process(
      long pid, long ppid, String state, long cpuMs, long rss, List<String> command) {
    public Process {
      command = List.copyOf(command);
    }
  }

  /// @param says what is in the way, and what would make it possible
  public record Refused(Why why, String says) implements Ending {}

  /// The agent read it after its deadline.
  public record Expired(long lateMs) implements Ending {}

  /// Why an agent does not obey.
  public enum Why {
    /// It is no command, or none that this version reads.
    UNREADABLE,
    UNSIGNED,
    /// Signed with a key that the host's policy does not name.
    UNKNOWN_KEY,
    /// The signature is not of these bytes.
    ALTERED,
    /// Its id was seen before.
    REPLAYED,
    /// It is for another host.
    MISADDRESSED,
    /// It was issued at a time that the host's clock has yet to reach: one of the clocks is wrong.
    EARLY,
    /// The host's policy does not allow it to the issuer.
    NOT_ALLOWED,
    /// No builder on the host is that build's: it ended, or runs elsewhere.
    NOT_RUNNING,
    /// More than one, or what is known of it does not fit together.
    AMBIGUOUS,
    /// The host lacks what it takes.
    NOT_POSSIBLE,
    /// It was tried and failed.
    FAILED;

    private final String json = name().toLowerCase(Locale.ROOT).replace('_', '-');

    @JsonValue
    public String json() {
      return json;
    }
  }
}
