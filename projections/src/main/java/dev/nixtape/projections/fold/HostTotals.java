package dev.nixtape.projections.fold;

import dev.nixtape.projections.Session.Tally;
import java.time.Instant;

/// The sessions that ended on a host, in total.
public record HostTotals(long sessions, Tally log, Instant lastAt) {
  public static final HostTotals NONE = new HostTotals(0, Tally.NONE, Instant.EPOCH);

  HostTotals plus(Tally session, Instant at) {
    return new HostTotals(sessions + 1, log.plus(session), at.isAfter(lastAt) ? at : lastAt);
  }
}
