package dev.nixtape.projections;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A host as the log knows it.
///
/// @param open sessions that are open now
/// @param sessions all sessions that it ever had, open ones included
/// @param running activities that run now
/// @param lastAt when the last entry came from it
/// @param log what the log holds of it
/// @param now what it uses now; null when it does not say
public record HostView(
    String host,
    long open,
    long sessions,
    long running,
    Instant lastAt,
    Session.Tally log,
    @Nullable Now now) {

  /// @param at when it said so
  /// @param load of 1, 5 and 15 minutes
  /// @param memory bytes in all
  /// @param memoryAvailable bytes
  /// @param pressure null where the kernel does not tell
  /// @param store bytes of the disk that the Nix store is on
  /// @param storeFree bytes
  public record Now(
      Instant at,
      List<Double> load,
      int processors,
      long memory,
      long memoryAvailable,
      @Nullable Pressure pressure,
      long store,
      long storeFree) {
    public Now {
      load = List.copyOf(load);
    }
  }

  /// Shares of the last 10 s in which somebody waited, in percent.
  public record Pressure(double cpu, double memory, double io) {}

  public HostView plus(HostView that) {
    return new HostView(
        host,
        open + that.open,
        sessions + that.sessions,
        running + that.running,
        lastAt.isAfter(that.lastAt) ? lastAt : that.lastAt,
        log.plus(that.log),
        now == null ? that.now : now);
  }

  public HostView withOneMoreRunning() {
    return new HostView(host, open, sessions, running + 1, lastAt, log, now);
  }

  public HostView withNow(Now now) {
    return new HostView(host, open, sessions, running, lastAt, log, now);
  }
}
