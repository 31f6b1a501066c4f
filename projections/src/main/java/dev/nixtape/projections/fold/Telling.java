package dev.nixtape.projections.fold;

import java.util.ArrayList;
import java.util.List;

/// Who told of an activity, and how much: a client's stream and its daemon worker's both carry the
/// same results in the same order. So the n-th result is the same event whoever tells it, and
/// counts when the first of them tells it.
///
/// A file that client and worker both wrote is one session that tells everything twice, and does
/// not say which of them wrote a line: what it counts is right when both are at the end.
///
/// @param tellers at least one
/// @param results how many results the teller who is furthest has told
/// @param copies how often the one session of a file tells it: 1 or 2
/// @param ended how many of the copies have told its end
record Telling(List<Teller> tellers, long results, int copies, int ended) {

  /// @param told how many results of the activity this session has told
  record Teller(String session, long told) {}

  static Telling by(String session) {
    return new Telling(List.of(new Teller(session, 0)), 0, 1, 0);
  }

  Telling joinedBy(String session) {
    if (toldBy(session) >= 0) {
      return this;
    }
    List<Teller> more = new ArrayList<>(tellers);
    more.add(new Teller(session, 0));
    return new Telling(List.copyOf(more), results, copies, ended);
  }

  Telling toldAgain() {
    return new Telling(tellers, results, 2, ended);
  }

  boolean isLastEnd() {
    return ended + 1 >= copies;
  }

  Telling oneEnded() {
    return new Telling(tellers, results, copies, ended + 1);
  }

  /// How many results of the activity a session has told; -1 when it is no teller.
  long toldBy(String session) {
    for (Teller teller : tellers) {
      if (teller.session.equals(session)) {
        return teller.told;
      }
    }
    return -1;
  }

  /// One more result from a session: news exactly when `results` grew.
  Telling told(String session) {
    long before = toldBy(session);
    return before < 0 ? this : told(session, before + 1);
  }

  /// A session has told so many results.
  Telling told(String session, long told) {
    List<Teller> counted = new ArrayList<>(tellers.size());
    for (Teller teller : tellers) {
      counted.add(teller.session.equals(session) ? new Teller(session, told) : teller);
    }
    return new Telling(List.copyOf(counted), Math.max(results, told), copies, ended);
  }
}
