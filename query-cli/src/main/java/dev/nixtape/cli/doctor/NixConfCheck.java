package dev.nixtape.cli.doctor;

import dev.nixtape.cli.doctor.NixConf.Setting;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Does `nix.conf` send Nix's events to the socket?
final class NixConfCheck {
  private static final String ABOUT = "nix.conf";
  private static final String SETTING = "json-log-path";

  private final Machine machine;
  private final Path socket;
  private final NixProgram nix;

  NixConfCheck(Machine machine, Path socket, NixProgram nix) {
    this.machine = machine;
    this.socket = socket;
    this.nix = nix;
  }

  List<Finding> findings(NixConf system, NixConf user) {
    List<Finding> findings = new ArrayList<>();
    for (NixConf conf : List.of(system, user)) {
      for (String refused : conf.refused()) {
        findings.add(Finding.wrong(ABOUT, refused, "correct that line: Nix stops at it"));
      }
      for (String unread : conf.unread()) {
        findings.add(
            Finding.note(ABOUT, unread, "run nixtape doctor as root to have it looked at"));
      }
    }
    Optional<Setting> all = system.last(SETTING);
    Optional<Setting> own = user.last(SETTING);
    if (!nix.mayKnowJsonLogPath()) {
      all.ifPresent(set ->
          findings.add(
              Finding.note(
                  ABOUT,
                  "%s sets json-log-path, which this Nix does not know".formatted(set.where()),
                  "leave it for a newer Nix, or remove it: until then Nix warns of it")));
      return findings;
    }
    findings.add(all.map(this::pointing).orElseGet(() -> absent(system, own)));
    if (all.isPresent()) {
      own.filter(set -> !isOurs(set))
          .ifPresent(set ->
              findings.add(
                  Finding.note(
                      ABOUT,
                      "%s sends what %s's own commands tell to '%s' instead"
                          .formatted(set.where(), machine.user(), set.value()),
                      "remove that line: without it both ends of a build are recorded, with it only the daemon's")));
    }
    return findings;
  }

  private Finding pointing(Setting set) {
    if (isOurs(set)) {
      return Finding.ok(ABOUT, "%s points at %s".formatted(set.where(), set.value()));
    }
    return Finding.wrong(
        ABOUT,
        "%s sends Nix's events to '%s', and the socket is %s"
            .formatted(set.where(), set.value(), socket),
        "write there %s; or listen where it points, with --socket-dir".formatted(line()));
  }

  private Finding absent(NixConf system, Optional<Setting> own) {
    Path file = NixConf.systemFile(machine);
    boolean there = !system.files().isEmpty();
    String todo = isFromStore(file) ? "on NixOS, set " + option() : "add to it " + line();
    if (own.filter(this::isOurs).isPresent()) {
      return Finding.note(
          ABOUT,
          "only %s points at the socket: what the daemon does for others is not recorded"
              .formatted(own.get().where()),
          todo.replace("add to it", "add to %s".formatted(file)) + ", and restart nix-daemon");
    }
    String what =
        there
            ? "%s has no line for json-log-path: nothing is recorded".formatted(file)
            : "there is no %s: nothing is recorded".formatted(file);
    return Finding.of(
        there || !(nix instanceof NixProgram.Missing),
        ABOUT,
        what,
        (there ? todo : "make it, with the line " + line()) + ", and restart nix-daemon");
  }

  private boolean isOurs(Setting set) {
    return set.value().startsWith("/") && machine.same(Path.of(set.value()), socket);
  }

  private String line() {
    return "json-log-path = " + socket;
  }

  private String option() {
    return "nix.settings.json-log-path = \"%s\"".formatted(socket);
  }

  private boolean isFromStore(Path file) {
    try {
      return machine.at(file).toRealPath().startsWith(machine.at("/nix/store"));
    } catch (IOException _) {
      return false;
    }
  }
}
