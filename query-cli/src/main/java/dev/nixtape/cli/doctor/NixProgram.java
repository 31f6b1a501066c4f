package dev.nixtape.cli.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The `nix` of a machine, and what it says of itself.
sealed interface NixProgram {
  String ABOUT = "nix";

  /// @param implementation as in the brackets of `nix --version`: `Nix`, `Lix, like Nix`,
  ///   `Determinate Nix 3.8.2`
  record Known(Path path, String implementation, String version, int major, int minor)
      implements NixProgram {
    private static final Pattern VERSION =
        Pattern.compile("(?m)^nix \\(([^)]+)\\) ((\\d+)\\.(\\d+)\\S*)");

    static Optional<NixProgram> read(Path path, String says) {
      Matcher version = VERSION.matcher(says);
      if (!version.find()) {
        return Optional.empty();
      }
      return Optional.of(
          new Known(
              path,
              version.group(1),
              version.group(2),
              Integer.parseInt(version.group(3)),
              Integer.parseInt(version.group(4))));
    }

    /// Since 2.30; Lix has its own numbers.
    boolean knowsJsonLogPath() {
      return !implementation.startsWith("Lix") && (major > 2 || (major == 2 && minor >= 30));
    }
  }

  record Mute(Path path, String why) implements NixProgram {}

  record Missing() implements NixProgram {}

  /// Finds it on `PATH`, else where installers put it, and asks it.
  static NixProgram find(Machine machine, Duration patience) {
    List<String> folders =
        new ArrayList<>(List.of(machine.environment().getOrDefault("PATH", "").split(":", -1)));
    folders.add("/nix/var/nix/profiles/default/bin");
    folders.add("/run/current-system/sw/bin");
    for (String folder : folders) {
      Path nix = Path.of(folder, "nix");
      if (nix.isAbsolute()
          && Files.isExecutable(machine.at(nix))
          && Files.isRegularFile(machine.at(nix))) {
        return ask(machine, nix, patience);
      }
    }
    return new Missing();
  }

  private static NixProgram ask(Machine machine, Path path, Duration patience) {
    try {
      Path answer = Files.createTempFile("nixtape-doctor", ".txt");
      try {
        Process process =
            new ProcessBuilder(machine.at(path).toString(), "--version")
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(answer.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
          process.destroyForcibly();
          return new Mute(path, "no answer within " + new Age(patience));
        }
        String says = new String(Files.readAllBytes(answer), StandardCharsets.UTF_8).strip();
        return Known.read(path, says)
            .orElseGet(() ->
                new Mute(
                    path, "it says '%s', exit status %d".formatted(says, process.exitValue())));
      } finally {
        Files.delete(answer);
      }
    } catch (IOException e) {
      return new Mute(path, String.valueOf(e.getMessage()));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return new Mute(path, "interrupted");
    }
  }

  /// Whether lines for `json-log-path` are of use here.
  default boolean mayKnowJsonLogPath() {
    return switch (this) {
      case Known known -> known.knowsJsonLogPath();
      case Mute _, Missing _ -> true;
    };
  }

  default Finding finding() {
    return switch (this) {
      case Known(Path path, String implementation, String version, _, _)
          when mayKnowJsonLogPath() ->
          Finding.ok(
              ABOUT, "%s (%s) at %s knows json-log-path".formatted(version, implementation, path));
      case Known(Path path, String implementation, String version, _, _) ->
          Finding.wrong(
              ABOUT,
              "%s (%s) at %s does not know json-log-path: it cannot write to the socket"
                  .formatted(version, implementation, path),
              "record commands one by one: nixtape run -- nix build …, or nix build --log-format internal-json -v … |& nixtape ingest pipe; for everything: Nix 2.30 or newer");
      case Mute(Path path, String why) ->
          Finding.note(
              ABOUT,
              "%s --version tells no version: %s".formatted(path, why),
              "run it by hand; json-log-path needs Nix 2.30 or newer");
      case Missing() ->
          Finding.note(
              ABOUT,
              "no nix on PATH, in the default profile or in the system's",
              "nothing, when only others' builds are recorded or asked for here; else put nix on PATH and ask again");
    };
  }
}
