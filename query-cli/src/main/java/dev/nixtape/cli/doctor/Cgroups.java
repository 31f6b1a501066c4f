package dev.nixtape.cli.doctor;

import dev.nixtape.cli.doctor.NixConf.Setting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Could a build be frozen, limited or ended here through its cgroup? Recording needs none of it.
///
/// @param mount where the unified hierarchy is; empty when there is none
/// @param hybrid the controllers are in the hierarchies of version 1, so that limits have no place
/// @param parent the cgroup in whose folder the daemon puts the builds'
/// @param enabled controllers that the cgroups below `parent` have
record Cgroups(Optional<Path> mount, boolean hybrid, Optional<Path> parent, Set<String> enabled) {
  private static final String ABOUT = "cgroups";
  private static final Path MOUNT = Path.of("/sys/fs/cgroup");
  private static final String CONTROLLERS = "cgroup.controllers";

  /// Where the daemon moves itself to, so that builds can be beside it.
  private static final String DAEMON = "nix-daemon";

  static Cgroups look(Machine machine, List<Daemon> daemons) {
    boolean unified = Files.exists(machine.at(MOUNT.resolve(CONTROLLERS)));
    Path beside = MOUNT.resolve("unified");
    boolean hybrid = !unified && Files.exists(machine.at(beside.resolve(CONTROLLERS)));
    if (!unified && !hybrid) {
      return new Cgroups(Optional.empty(), false, Optional.empty(), Set.of());
    }
    Path mount = unified ? MOUNT : beside;
    Optional<Path> parent =
        daemons.stream().findFirst().flatMap(daemon -> parent(machine, daemon, mount));
    Set<String> enabled =
        parent
            .flatMap(folder -> machine.text(folder.resolve("cgroup.subtree_control")))
            .map(words -> Set.copyOf(List.of(words.strip().split("\\s+", -1))))
            .orElse(Set.of());
    return new Cgroups(Optional.of(mount), hybrid, parent, enabled);
  }

  private static Optional<Path> parent(Machine machine, Daemon daemon, Path mount) {
    return machine
        .text(Path.of("/proc", Long.toString(daemon.pid()), "cgroup"))
        .flatMap(text -> text.lines().filter(line -> line.startsWith("0::/")).findFirst())
        .map(line -> mount.resolve(line.substring("0::/".length())))
        .map(own -> own.endsWith(DAEMON) ? own.getParent() : own);
  }

  Finding finding(Machine machine, NixConf conf) {
    List<String> missing = new ArrayList<>();
    List<String> todo = new ArrayList<>();
    if (mount.isEmpty()) {
      missing.add("this system has no cgroup v2");
      todo.add("boot it with systemd.unified_cgroup_hierarchy=1 (Linux 5.14 or newer)");
    }
    List<String> settings = new ArrayList<>();
    if (!value(conf, "use-cgroups", "false").equals("true")) {
      missing.add("use-cgroups is not true");
      settings.add("use-cgroups = true");
    }
    if (!conf.words("experimental-features").contains("cgroups")) {
      missing.add("the experimental feature cgroups is off");
      settings.add("extra-experimental-features = cgroups");
    }
    if (value(conf, "sandbox", "true").equals("false")) {
      missing.add("sandbox is false");
      settings.add("sandbox = true");
    }
    if (!settings.isEmpty()) {
      todo.add(
          "put into %s: %s; and restart nix-daemon"
              .formatted(NixConf.systemFile(machine), String.join(", ", settings)));
    }
    if (!machine.isRoot()) {
      missing.add(machine.user() + " is not root");
      todo.add("control builds as root");
    }
    if (!missing.isEmpty()) {
      return Finding.note(
          ABOUT,
          "builds cannot be controlled: " + String.join(", ", missing),
          String.join("; ", todo) + " (recording needs none of it)");
    }
    return limits();
  }

  private static String value(NixConf conf, String name, String otherwise) {
    return conf.last(name).map(Setting::value).orElse(otherwise);
  }

  /// Every build has a cgroup of its own: is there more to do with it than to freeze and to end it?
  private Finding limits() {
    String can = "builds can be frozen and ended";
    if (hybrid) {
      return Finding.note(
          ABOUT,
          can + ", but not limited: memory and cpu are with cgroup v1 here",
          "boot with systemd.unified_cgroup_hierarchy=1 to limit them too");
    }
    if (parent.isEmpty()) {
      return Finding.note(
          ABOUT,
          can + "; whether they can be limited is unknown while no nix-daemon is seen",
          "ask again while one runs");
    }
    List<String> lacking =
        List.of("memory", "cpu").stream().filter(name -> !enabled.contains(name)).toList();
    Path control = parent.get().resolve("cgroup.subtree_control");
    return lacking.isEmpty()
        ? Finding.ok(ABOUT, can + ", and their memory and cpu limited")
        : Finding.note(
            ABOUT,
            "%s, but not limited: %s lacks %s"
                .formatted(can, control, String.join(" and ", lacking)),
            "give nix-daemon.service Delegate=yes, then: echo '+%s' > %s"
                .formatted(String.join(" +", lacking), control));
  }
}
