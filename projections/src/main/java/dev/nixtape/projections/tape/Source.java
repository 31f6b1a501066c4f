package dev.nixtape.projections.tape;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where a session's bytes come from: what the shim knows beside them.
///
/// @param kind the way they came
/// @param boot the host's boot id (`/proc/sys/kernel/random/boot_id`), "" where the host has none
/// @param path the socket or file, "" for a pipe
/// @param observed whether the shim looks at this session's derivations and outputs and says what
///   it saw
/// @param peer the process at the other end; null when nobody knows it
/// @param client the process that a daemon's worker serves (its argv[1]); null when the peer is no
///   worker
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Source(
    Kind kind,
    String boot,
    String path,
    boolean observed,
    @Nullable Process peer,
    @Nullable Process client) {

  private static final Long ROOT = 0L;

  public enum Kind {
    SOCKET,
    PIPE,
    FILE,
    /// The log does not hold how it began any more.
    UNKNOWN;

    @JsonValue
    public String json() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// A process as its host saw it when the session opened.
  ///
  /// @param pid 0 when unknown
  /// @param uid from the kernel, null when unknown
  /// @param user the uid's name on that host, null when it has none
  /// @param command its command line, empty when it was gone already
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Process(long pid, @Nullable Long uid, @Nullable String user, List<String> command) {
    public Process {
      command = List.copyOf(command);
    }
  }

  /// The process for whom Nix works: the client, never the daemon's worker. Empty when nobody
  /// knows: root's that was gone before anybody could look may have been a worker.
  public Optional<Process> requester() {
    if (client != null) {
      return Optional.of(client);
    }
    return Optional.ofNullable(peer)
        .filter(
            p -> kind != Kind.SOCKET || !p.command().isEmpty() || !Objects.equals(p.uid(), ROOT));
  }
}
