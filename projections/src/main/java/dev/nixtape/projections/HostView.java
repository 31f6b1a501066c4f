package dev.nixtape.projections;

import java.time.Instant;

/// A host as the log knows it.
///
/// @param open sessions that are open now
/// @param sessions all sessions that it ever had, open ones included
/// @param running activities that run now
/// @param lastAt when the last entry came from it
/// @param log what the log holds of it
public record HostView(
    String host, long open, long sessions, long running, Instant lastAt, Session.Tally log) {

  public HostView plus(HostView that) {
    return new HostView(
        host,
        open + that.open,
        sessions + that.sessions,
        running + that.running,
        lastAt.isAfter(that.lastAt) ? lastAt : that.lastAt,
        log.plus(that.log));
  }

  public HostView withOneMoreRunning() {
    return new HostView(host, open, sessions, running + 1, lastAt, log);
  }
}
