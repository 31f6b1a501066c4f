package dev.nixtape.control;

import dev.nixtape.control.Builder.Pid;
import java.util.Set;

/// A process of Nix that builds: a daemon's worker, or a client that needs no daemon.
///
/// @param locks names of the files in the store that it holds: one for each output that is made
/// @param derivations whose logs it writes
/// @param users names of the build users that it holds: uids, or numbers of ranges
record Worker(
    Pid process, long uid, Set<String> locks, Set<String> derivations, Set<String> users) {
  Worker {
    locks = Set.copyOf(locks);
    derivations = Set.copyOf(derivations);
    users = Set.copyOf(users);
  }
}
