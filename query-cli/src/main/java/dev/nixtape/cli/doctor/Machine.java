package dev.nixtape.cli.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/// The machine that is looked at, as the process that looks sees it.
///
/// @param root the folder that is `/` of its file system
/// @param user who looks
/// @param now its clock
public record Machine(
    Path root, Map<String, String> environment, String user, Path home, Instant now) {

  public Machine {
    environment = Map.copyOf(environment);
  }

  /// This machine, now.
  public static Machine here() {
    return new Machine(
        Path.of("/"),
        System.getenv(),
        System.getProperty("user.name"),
        Path.of(System.getProperty("user.home")),
        Instant.now());
  }

  /// Where a path of that machine is.
  Path at(Path path) {
    return root.resolve(Path.of("/").relativize(path.toAbsolutePath()).toString());
  }

  Path at(String path) {
    return at(Path.of(path));
  }

  /// A variable of the environment; an empty one counts as absent, as Nix has it.
  Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  boolean isRoot() {
    return user.equals("root");
  }

  /// What a file holds. Empty when it is not there, or not for this user.
  Optional<String> text(Path path) {
    try {
      return Optional.of(new String(Files.readAllBytes(at(path)), StandardCharsets.UTF_8));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// Whether two paths of that machine mean the same, by way of symbolic links too.
  boolean same(Path one, Path other) {
    return one.normalize().equals(other.normalize()) || real(one).equals(real(other));
  }

  private Path real(Path path) {
    try {
      return at(path).toRealPath();
    } catch (IOException _) {
      Path parent = path.getParent();
      return parent == null ? at(path) : real(parent).resolve(String.valueOf(path.getFileName()));
    }
  }
}
