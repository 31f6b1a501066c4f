package dev.nixtape.projections.fold;

import java.util.ArrayList;
import java.util.List;

/// Who told of an activity, and how much: a client's stream and its daemon worker's both carry the
/// same results in the same order. So the n-th result is the same event whoever tells it, and
/// counts when the first of them tells it.
///
/// @param tellers at least one
/// @param results how many results the teller who is furthest has told
record Telling(List<Teller> tellers, long results) {

  /// @param told how many results of the activity this session has told
  record Teller(String session, long told) {}

  static Telling by(String session) {
    return new Telling(List.of(new Teller(session, 0)), 0);
  }

  Telling joinedBy(String session) {
    if (tells(session)) {
      return this;
    }
    List<Teller> more = new ArrayList<>(tellers);
    more.add(new Teller(session, 0));
    return new Telling(List.copyOf(more), results);
  }

  boolean tells(String session) {
    for (Teller teller : tellers) {
      if (teller.session.equals(session)) {
        return true;
      }
    }
    return false;
  }

  /// One more result from a session: news exactly when `results` grew.
  Telling told(String session) {
    if (tellers.size() == 1 && tellers.getFirst().session.equals(session)) {
      return new Telling(List.of(new Teller(session, results + 1)), results + 1);
    }
    List<Teller> counted = new ArrayList<>(tellers.size());
    long furthest = results;
    for (Teller teller : tellers) {
      boolean this_ = teller.session.equals(session);
      counted.add(this_ ? new Teller(session, teller.told + 1) : teller);
      if (this_) {
        furthest = Math.max(furthest, teller.told + 1);
      }
    }
    return new Telling(List.copyOf(counted), furthest);
  }
}
