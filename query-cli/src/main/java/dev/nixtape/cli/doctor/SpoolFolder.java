package dev.nixtape.cli.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/// A spool whose shim does not answer, as its files show it.
sealed interface SpoolFolder {
  /// @param oldestAt when the file was written last that waits longest
  record Waiting(Path folder, long bytes, Instant oldestAt) implements SpoolFolder {}

  record Empty(Path folder) implements SpoolFolder {}

  record Unreadable(Path folder, String why) implements SpoolFolder {}

  static SpoolFolder look(Machine machine, Path folder) {
    if (Files.notExists(machine.at(folder))) {
      return new Empty(folder);
    }
    long bytes = 0;
    Instant oldest = Instant.MAX;
    try (Stream<Path> files = Files.walk(machine.at(folder))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        BasicFileAttributes its = Files.readAttributes(file, BasicFileAttributes.class);
        if (its.isRegularFile() && its.size() > 0) {
          bytes += its.size();
          Instant written = its.lastModifiedTime().toInstant();
          oldest = written.isBefore(oldest) ? written : oldest;
        }
      }
    } catch (IOException | UncheckedIOException e) {
      return new Unreadable(folder, String.valueOf(e.getMessage()));
    }
    return bytes == 0 ? new Empty(folder) : new Waiting(folder, bytes, oldest);
  }

  default List<Finding> findings(Machine machine) {
    return switch (this) {
      case Empty _ -> List.of();
      case Waiting(Path folder, long bytes, Instant oldestAt) ->
          List.of(
              Finding.note(
                  "spool",
                  "%s wait in %s, the oldest for %s, and no shim says that it publishes them"
                      .formatted(new Size(bytes), folder, Age.of(oldestAt, machine.now())),
                  "start the shim of that folder: it publishes what waits there before anything else"));
      case Unreadable(Path folder, String why) ->
          List.of(
              Finding.note(
                  "spool",
                  "%s cannot look into %s: %s".formatted(machine.user(), folder, why),
                  "run nixtape doctor as root, or name another folder with --spool"));
    };
  }
}
