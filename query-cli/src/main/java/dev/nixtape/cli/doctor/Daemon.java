package dev.nixtape.cli.doctor;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A nix-daemon that accepts clients, as `/proc` shows it; the workers it forks for them are none.
///
/// @param parent the process that started it
record Daemon(long pid, long parent, Instant startedAt) {
  private static final String ABOUT = "nix-daemon";

  /// Linux's USER_HZ, the unit of a process's start: 100 on every platform that Nix runs on.
  private static final int TICKS_A_SECOND = 100;

  /// The kernel tells its boot in whole seconds: a start is known no better.
  private static final Duration PRECISION = Duration.ofSeconds(1);

  /// `PID (COMMAND) STATE PPID …`; the command may hold anything, so the last bracket ends it.
  private static final Pattern STAT = Pattern.compile("(?s)\\d+ \\((.*)\\) (.*)");

  private static final Pattern BOOT = Pattern.compile("(?m)^btime (\\d+)$");

  /// Those of this machine, without those that live in a root of their own (a container's).
  static List<Daemon> running(Machine machine) {
    Optional<Long> boot =
        machine
            .text(Path.of("/proc/stat"))
            .map(BOOT::matcher)
            .filter(Matcher::find)
            .map(found -> Long.parseLong(found.group(1)));
    if (boot.isEmpty()) {
      return List.of();
    }
    List<Daemon> found = new ArrayList<>();
    try (DirectoryStream<Path> processes =
        Files.newDirectoryStream(machine.at("/proc"), "[1-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(process.getFileName().toString());
        read(machine, pid, boot.get()).ifPresent(found::add);
      }
    } catch (IOException | DirectoryIteratorException _) {
      return List.of();
    }
    Set<Long> pids = new HashSet<>();
    found.forEach(daemon -> pids.add(daemon.pid()));
    found.removeIf(daemon -> pids.contains(daemon.parent()));
    return found;
  }

  private static Optional<Daemon> read(Machine machine, long pid, long boot) {
    Path folder = Path.of("/proc", Long.toString(pid));
    Optional<String> stat = machine.text(folder.resolve("stat"));
    if (stat.isEmpty() || !serves(machine.text(folder.resolve("cmdline")).orElse(""))) {
      return Optional.empty();
    }
    Matcher fields = STAT.matcher(stat.get());
    if (!fields.matches() || !sharesRoot(machine, folder)) {
      return Optional.empty();
    }
    String[] rest = fields.group(2).split(" ", -1);
    // proc_pid_stat(5) counts from 1, and two fields are before: the parent is its 4th, the start
    // its 22nd.
    long ticks = Long.parseLong(rest[22 - 3]);
    return Optional.of(
        new Daemon(
            pid,
            Long.parseLong(rest[4 - 3]),
            Instant.ofEpochSecond(boot).plusMillis(ticks * 1000 / TICKS_A_SECOND)));
  }

  /// `nix-daemon` and `nix daemon` serve; a worker shows its client's pid as its first argument.
  private static boolean serves(String commandLine) {
    String[] words = commandLine.split("\0", -1);
    String program = words[0].replaceFirst(".*/", "");
    String first = words.length > 1 ? words[1].strip() : "";
    return switch (program) {
      case "nix-daemon" -> !first.matches("\\d+");
      case "nix" -> first.equals("daemon");
      default -> false;
    };
  }

  private static boolean sharesRoot(Machine machine, Path process) {
    try {
      return Objects.equals(key(machine.at(process).resolve("root")), key(machine.root()));
    } catch (IOException _) {
      // Another user's: then it is taken for one of this machine.
      return true;
    }
  }

  private static @Nullable Object key(Path folder) throws IOException {
    return Files.readAttributes(folder, BasicFileAttributes.class).fileKey();
  }

  /// Was `nix.conf` changed after the daemon read it?
  static List<Finding> findings(List<Daemon> daemons, Machine machine, NixConf conf) {
    if (daemons.isEmpty()) {
      return List.of(
          Finding.note(
              ABOUT,
              "none runs here",
              "nothing, when Nix is used without one, or when systemd starts it with its first client"));
    }
    List<Finding> findings = new ArrayList<>();
    for (Daemon daemon : daemons) {
      findings.add(daemon.finding(machine, conf));
    }
    return findings;
  }

  private Finding finding(Machine machine, NixConf conf) {
    String age = Age.of(startedAt, machine.now()).toString();
    Path newest = null;
    Instant changed = Instant.EPOCH;
    for (Path file : conf.files()) {
      Instant its = changedAt(machine.at(file));
      if (its.isAfter(changed)) {
        newest = file;
        changed = its;
      }
    }
    if (newest != null && changed.isAfter(startedAt.plus(PRECISION))) {
      return Finding.wrong(
          ABOUT,
          "process %d runs for %s, and %s was changed %s ago: it does not know of that"
              .formatted(pid, age, newest, Age.of(changed, machine.now())),
          "restart it: systemctl restart nix-daemon");
    }
    return Finding.ok(ABOUT, "process %d, for %s; no nix.conf is newer".formatted(pid, age));
  }

  /// A file in the Nix store is dated to the epoch: NixOS restarts the daemon by itself.
  private static Instant changedAt(Path file) {
    try {
      return Files.getLastModifiedTime(file).toInstant();
    } catch (IOException _) {
      return Instant.EPOCH;
    }
  }
}
