package dev.nixtape.control;

import dev.nixtape.control.Builder.Pid;
import dev.nixtape.control.Builder.Requester;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The processes that build for one Nix, known by what they lock: whoever makes an output has
/// locked its name in the store.
///
/// @param root of that Nix
record Workers(Path root, Proc proc) {
  /// The store, as that Nix knows it.
  static final String STORE = "/nix/store";

  private static final String STATE = "nix/var/nix";

  /// A log's name: the derivation's, cut behind two characters.
  private static final Pattern LOG =
      Pattern.compile(".*/drvs/([0-9a-z]{2})/([0-9a-z]{30}-[^/]+\\.drv)(?:\\.[0-9a-z]+)?");

  private static final Pattern USER = Pattern.compile(".*/userpool2?/([^/]+)");

  /// A worker writes its client's pid over its first argument. Without a zero byte more than ends
  /// the argument, that was as short as the pid, or shorter, and may have cut it.
  private static final Pattern SERVES =
      Pattern.compile("(?:[^\0]*/)?nix(?:-daemon)?\0([1-9][0-9]{0,9})\0(\0?).*", Pattern.DOTALL);

  private static final Pattern DAEMON =
      Pattern.compile("(?:[^\0]*/)?nix-daemon\0(?!--stdio\0).*", Pattern.DOTALL);

  /// @param locked the inodes that the process has locked
  Optional<Worker> worker(long pid, Set<Long> locked) {
    Optional<Pid> process = proc.process(pid);
    OptionalLong uid = proc.uid(pid);
    Set<String> locks = new HashSet<>();
    Set<String> derivations = new HashSet<>();
    Set<String> users = new HashSet<>();
    for (String file : proc.openFiles(pid)) {
      String name = file.substring(file.lastIndexOf('/') + 1);
      Matcher log = LOG.matcher(file);
      Matcher user = USER.matcher(file);
      if (name.endsWith(".lock") && holds(locked, real(STORE).resolve(name))) {
        locks.add(name);
      } else if (log.matches()) {
        derivations.add(STORE + "/" + log.group(1) + log.group(2));
      } else if (user.matches()) {
        users.add(user.group(1));
      }
    }
    return locks.isEmpty() || process.isEmpty() || uid.isEmpty()
        ? Optional.empty()
        : Optional.of(new Worker(process.get(), uid.getAsLong(), locks, derivations, users));
  }

  /// Two Nixes may know the same path: only this one's file has that inode.
  private static boolean holds(Set<Long> locked, Path file) {
    return Inode.of(file).filter(inode -> locked.contains(inode.number())).isPresent();
  }

  /// Where a path of that Nix lies on this host.
  Path real(String path) {
    return root.resolve(Path.of("/").relativize(Path.of(path)));
  }

  Path state() {
    return root.resolve(STATE);
  }

  /// Who a worker builds for.
  Optional<Requester> requester(Worker worker) {
    long pid = worker.process().pid();
    String command = proc.text(proc.of(pid).resolve("cmdline"));
    Matcher serves = SERVES.matcher(command);
    if (serves.matches()) {
      // in a pid namespace of its own the number means another process here
      return !serves.group(2).isEmpty() && proc.sharesPids(pid)
          ? client(worker, Long.parseLong(serves.group(1)))
          : Optional.empty();
    }
    return DAEMON.matcher(command).matches()
        ? Optional.empty()
        : Optional.of(new Requester(worker.uid(), name(pid, worker.uid())));
  }

  private Optional<Requester> client(Worker worker, long pid) {
    OptionalLong uid = proc.uid(pid);
    // who began after the worker is not its client, but has the pid of one that ended
    return uid.isPresent()
            && proc.process(pid)
                .filter(client -> client.start() <= worker.process().start())
                .isPresent()
        ? Optional.of(new Requester(uid.getAsLong(), name(pid, uid.getAsLong())))
        : Optional.empty();
  }

  /// The users that Nix knows come first: it may live in a container with users of its own.
  private String name(long pid, long uid) {
    for (String line : proc.text(root.resolve("etc/passwd")).lines().toList()) {
      String[] fields = line.split(":", -1);
      if (fields.length > 2 && fields[2].equals(Long.toString(uid)) && !fields[0].isEmpty()) {
        return fields[0];
      }
    }
    try {
      Path folder = proc.of(pid);
      if (Files.getAttribute(folder, "unix:uid").equals((int) uid)) {
        String owner = Files.getOwner(folder).getName();
        // a uid without a name is shown as its number
        return owner.matches("[0-9]+") ? "" : owner;
      }
    } catch (IOException _) {
      // gone
    }
    return "";
  }
}
