package dev.nixtape.ingest;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// A command that may be one of Nix's, and how to make it write its events to stderr.
///
/// @param words the program and its arguments
record NixCommand(List<String> words) {
  private static final List<String> EVENTS = List.of("--log-format", "internal-json");

  /// Programs that hand these options on to Nix; all others are known by their name, which begins
  /// with `nix`.
  private static final Set<String> HANDS_ON = Set.of("home-manager");

  /// Behind these, the words of `nix shell`, `develop` and `run` belong to the command that they
  /// start.
  private static final Set<String> OTHERS_WORDS = Set.of("--", "-c", "--command");

  NixCommand {
    if (words.isEmpty()) {
      throw new IllegalArgumentException("there is no command to run: nixtape run -- nix build …");
    }
    words = List.copyOf(words);
  }

  /// The words with the options that make Nix write events, where it does not have them yet; a
  /// program that is not Nix's stays as it is.
  List<String> withEvents() {
    String program = words.getFirst().replaceFirst(".*/", "");
    if (!program.startsWith("nix") && !HANDS_ON.contains(program)) {
      return words;
    }
    int end = endOfOptions(program);
    List<String> options = words.subList(1, end);
    List<String> all = new ArrayList<>(words.subList(0, end));
    if (!writesEvents(options)) {
      all.addAll(EVENTS);
    }
    if (options.stream().noneMatch(word -> word.matches("-v+|--verbose"))) {
      all.add("-v");
    }
    all.addAll(words.subList(end, words.size()));
    return all;
  }

  private int endOfOptions(String program) {
    for (int i = 1; i < words.size(); i++) {
      String word = words.get(i);
      if (word.equals("--") || (program.equals("nix") && OTHERS_WORDS.contains(word))) {
        return i;
      }
    }
    return words.size();
  }

  /// Nix takes the last `--log-format`.
  private static boolean writesEvents(List<String> options) {
    int format = options.lastIndexOf("--log-format");
    return format >= 0 && options.subList(format, options.size()).indexOf("internal-json") == 1;
  }
}
