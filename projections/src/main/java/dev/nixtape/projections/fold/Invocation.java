package dev.nixtape.projections.fold;

import java.util.ArrayList;
import java.util.List;

/// One run of a Nix program: the sessions of the client and of the daemon workers that serve it.
/// When the last of them closes, nothing more will be heard of what it did.
///
/// @param sessions those still open
/// @param unsettled Nix's ids of its activities that are not settled
/// @param workers keys of the counters of the workers that serve it
/// @param unheard whether a session ended only because its shim went away
/// @param error the last error that named no derivation, "" when there was none
record Invocation(
    String key,
    List<String> sessions,
    List<Long> unsettled,
    List<String> workers,
    boolean unheard,
    String error) {

  static Invocation empty(String key) {
    return new Invocation(key, List.of(), List.of(), List.of(), false, "");
  }

  Invocation opened(String session) {
    return new Invocation(key, plus(sessions, session), unsettled, workers, unheard, error);
  }

  Invocation closed(String session, boolean shimGone) {
    return new Invocation(
        key, minus(sessions, session), unsettled, workers, unheard || shimGone, error);
  }

  Invocation began(long activity) {
    return new Invocation(key, sessions, plus(unsettled, activity), workers, unheard, error);
  }

  Invocation settled(long activity) {
    return new Invocation(key, sessions, minus(unsettled, activity), workers, unheard, error);
  }

  Invocation served(String worker) {
    return workers.contains(worker)
        ? this
        : new Invocation(key, sessions, unsettled, plus(workers, worker), unheard, error);
  }

  Invocation reported(String error) {
    return new Invocation(key, sessions, unsettled, workers, unheard, error);
  }

  boolean over() {
    return sessions.isEmpty();
  }

  private static <T> List<T> plus(List<T> list, T element) {
    List<T> more = new ArrayList<>(list);
    more.add(element);
    return List.copyOf(more);
  }

  private static <T> List<T> minus(List<T> list, T element) {
    List<T> less = new ArrayList<>(list);
    less.remove(element);
    return List.copyOf(less);
  }
}
