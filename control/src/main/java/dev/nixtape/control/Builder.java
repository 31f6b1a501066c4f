package dev.nixtape.control;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/// A build that runs on this host, as the kernel shows it.
///
/// @param process that Nix started for it
/// @param cgroup its own; empty when Nix made none for it
/// @param uid that it runs as
/// @param ownUser whether Nix keeps that uid for it alone while it runs
/// @param evidence what says that it builds that derivation; at least one kind
/// @param requester empty when that cannot be told
record Builder(
    String drvPath,
    Pid process,
    Optional<Cgroup> cgroup,
    long uid,
    boolean ownUser,
    Set<Evidence> evidence,
    Optional<Requester> requester) {

  Builder {
    evidence = Set.copyOf(evidence);
  }

  /// A process, and no later one of the same number.
  ///
  /// @param start field 22 of `/proc/PID/stat`: clock ticks since boot
  record Pid(long pid, long start) {}

  record Cgroup(Path folder, Inode inode) {}

  /// Who asked for the build.
  ///
  /// @param user the uid's name, "" when it has none
  record Requester(long uid, String user) {}

  enum Evidence {
    /// The cgroup's name holds the derivation's hash.
    CGROUP_NAME("cgroup's name"),
    /// Its root is the folder that Nix made for this derivation's sandbox.
    CHROOT("root"),
    /// Its environment has the derivation's outputs, which its worker has locked.
    ENVIRONMENT("environment"),
    /// The file that replaces the environment has them (`__structuredAttrs`).
    ATTRIBUTES("attributes file");

    private final String words;

    Evidence(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }
}
