package dev.nixtape.cli.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A configuration as Nix reads it: `nix.conf` with what it includes, a setting a line; the last
/// line of a setting counts.
///
/// @param files those that were read, in that order
/// @param refused what Nix stops at
/// @param unread what this user may not read
record NixConf(
    List<Setting> settings, List<Path> files, List<String> refused, List<String> unread) {
  /// Files within files, for one that includes itself.
  private static final int INCLUDES = 20;

  /// @param where `FILE:LINE`
  record Setting(String name, String value, String where) {}

  NixConf {
    settings = List.copyOf(settings);
    files = List.copyOf(files);
    refused = List.copyOf(refused);
    unread = List.copyOf(unread);
  }

  /// Where the system's own file is, which clients and daemons read.
  static Path systemFile(Machine machine) {
    return Path.of(machine.variable("NIX_CONF_DIR").orElse("/etc/nix"), "nix.conf");
  }

  static NixConf system(Machine machine) {
    Reader reader = new Reader(machine);
    reader.file(systemFile(machine), "", 0);
    return reader.conf();
  }

  /// What comes on top for this user's own Nix commands: files, the first of them last, then
  /// `$NIX_CONFIG`.
  static NixConf user(Machine machine) {
    Reader reader = new Reader(machine);
    userFiles(machine).reversed().forEach(file -> reader.file(file, "", 0));
    reader.lines(machine.variable("NIX_CONFIG").orElse(""), "$NIX_CONFIG", Path.of("/nix.conf"), 0);
    return reader.conf();
  }

  private static List<Path> userFiles(Machine machine) {
    Optional<String> named = machine.variable("NIX_USER_CONF_FILES");
    if (named.isPresent()) {
      return paths(named.get());
    }
    List<Path> files = new ArrayList<>();
    files.add(
        machine
            .variable("NIX_CONFIG_HOME")
            .map(Path::of)
            .orElseGet(() ->
                machine
                    .variable("XDG_CONFIG_HOME")
                    .map(Path::of)
                    .orElse(machine.home().resolve(".config"))
                    .resolve("nix"))
            .resolve("nix.conf"));
    for (Path folder : paths(machine.variable("XDG_CONFIG_DIRS").orElse("/etc/xdg"))) {
      files.add(folder.resolve("nix/nix.conf"));
    }
    return files;
  }

  private static List<Path> paths(String list) {
    List<Path> paths = new ArrayList<>();
    for (String path : list.split(":", -1)) {
      if (!path.isEmpty()) {
        paths.add(Path.of(path));
      }
    }
    return paths;
  }

  Optional<Setting> last(String name) {
    return settings.reversed().stream().filter(set -> set.name().equals(name)).findFirst();
  }

  /// The words of a setting that is a list, with those that `extra-NAME` adds.
  Set<String> words(String name) {
    Set<String> words = new LinkedHashSet<>();
    for (Setting setting : settings) {
      if (setting.name().equals(name)) {
        words.clear();
      } else if (!setting.name().equals("extra-" + name)) {
        continue;
      }
      words.addAll(List.of(setting.value().split(" ", -1)));
    }
    words.remove("");
    return words;
  }

  private static final class Reader {
    private final Machine machine;
    private final List<Setting> settings = new ArrayList<>();
    private final List<Path> files = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private final List<String> unread = new ArrayList<>();

    Reader(Machine machine) {
      this.machine = machine;
    }

    NixConf conf() {
      return new NixConf(settings, files, refused, unread);
    }

    /// @param includedAt `FILE:LINE` that says it must be there; "" when it may be absent
    void file(Path file, String includedAt, int depth) {
      try {
        byte[] bytes = Files.readAllBytes(machine.at(file));
        files.add(file);
        lines(new String(bytes, StandardCharsets.UTF_8), file.toString(), file, depth);
      } catch (NoSuchFileException _) {
        if (!includedAt.isEmpty()) {
          refused.add("%s includes %s, which is not there".formatted(includedAt, file));
        }
      } catch (IOException e) {
        unread.add(
            "%s cannot be read by %s (%s)"
                .formatted(file, machine.user(), e.getClass().getSimpleName()));
      }
    }

    void lines(String text, String name, Path file, int depth) {
      String[] lines = text.split("\n", -1);
      for (int i = 0; i < lines.length; i++) {
        line(lines[i], name + ":" + (i + 1), file, depth);
      }
    }

    private void line(String line, String where, Path file, int depth) {
      List<String> words = List.of(line.replaceFirst("#.*", "").strip().split("[ \t\r]+", -1));
      String first = words.getFirst();
      if (first.isEmpty()) {
        return;
      }
      boolean include = first.equals("include") || first.equals("!include");
      if (include && words.size() == 2) {
        if (depth >= INCLUDES) {
          refused.add(where + " includes itself");
        } else {
          file(
              file.resolveSibling(words.get(1)).normalize(),
              first.startsWith("!") ? "" : where,
              depth + 1);
        }
      } else if (!include && words.size() >= 2 && words.get(1).equals("=")) {
        settings.add(new Setting(first, String.join(" ", words.subList(2, words.size())), where));
      } else {
        refused.add("%s is no line that Nix takes: '%s'".formatted(where, line.strip()));
      }
    }
  }
}
