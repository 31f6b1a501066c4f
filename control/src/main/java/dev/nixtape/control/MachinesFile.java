package dev.nixtape.control;

import dev.nixtape.projections.control.HostSample.Machine;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Remote builders as Nix reads them (src/libstore/machines.cc): entries behind newlines or
/// semicolons, `#` comments, `@FILE` for the entries in another file. Words are separated by blanks
/// and not quoted; `-` is the default.
///
/// @param system this machine's own, which a builder has that names none
/// @param file what is in a file; null when there is none
/// @param bad hears what Nix would refuse
record MachinesFile(String system, Function<String, @Nullable String> file, Consumer<String> bad) {
  /// Files within files, for one that names itself.
  private static final int DEPTH = 16;

  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");
  private static final Pattern SPEED = Pattern.compile("[0-9]*\\.?[0-9]+(?:e[-+]?[0-9]+)?");

  /// What Nix connects to by these names; every other bare word is a host to reach by ssh.
  private static final Pattern LOCAL = Pattern.compile("(?:auto|daemon|local)(?:\\?.*)?|\\?.*");

  /// @param builders the setting, or what a file of them holds
  List<Machine> read(String builders) {
    List<Machine> machines = new ArrayList<>();
    read(builders, 0, machines);
    return machines;
  }

  private void read(String builders, int depth, List<Machine> machines) {
    for (String line : builders.split("\n", -1)) {
      for (String entry : line.replaceFirst("#.*", "").split(";", -1)) {
        String words = entry.strip();
        if (words.startsWith("@")) {
          include(words.substring(1).strip(), depth, machines);
        } else if (!words.isEmpty()) {
          machine(words, machines);
        }
      }
    }
  }

  private void include(String name, int depth, List<Machine> machines) {
    if (depth >= DEPTH) {
      bad.accept("'@%s' names itself".formatted(name));
      return;
    }
    String text = file.apply(name);
    if (text != null) {
      read(text, depth + 1, machines);
    }
  }

  /// `uri systems ssh-key slots speed supported mandatory host-key`.
  private void machine(String entry, List<Machine> machines) {
    String[] words = entry.split("\\s+");
    String uri = word(words, 0, "");
    String slots = word(words, 3, "1");
    String speed = word(words, 4, "1");
    if (uri.isEmpty() || !NUMBER.matcher(slots).matches() || !SPEED.matcher(speed).matches()) {
      bad.accept("'%s' is no remote builder: URI SYSTEMS SSH-KEY SLOTS SPEED …".formatted(entry));
      return;
    }
    boolean bare = !uri.contains("://") && !uri.contains("/") && !LOCAL.matcher(uri).matches();
    machines.add(
        new Machine(
            bare ? "ssh://" + uri : uri,
            List.of(word(words, 1, system).split(",")),
            Integer.parseInt(slots),
            0));
  }

  private static String word(String[] words, int index, String otherwise) {
    return index < words.length && !words[index].equals("-") ? words[index] : otherwise;
  }
}
