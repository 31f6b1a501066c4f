package dev.nixtape.sql;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// A folder of facts by the day (UTC) on which they finished, laid out as Hive does:
/// `day=2026-01-31/facts.parquet`.
///
/// @param folder need not exist yet
public record Days(Path folder) {
  private static final String DAY = "day=";
  static final String FACTS = "facts.";

  /// Throws `IllegalArgumentException` when the folder holds what no export wrote: nobody's files
  /// are to be mixed with facts, or replaced by them.
  public Days {
    try {
      Optional<Path> foreign = foreign(folder);
      if (foreign.isPresent()) {
        throw new IllegalArgumentException(
            "%s is no folder of exported facts, it holds %s: name an empty or a new one"
                .formatted(folder, folder.relativize(foreign.get())));
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot read %s: %s".formatted(folder, e), e);
    }
  }

  private static Optional<Path> foreign(Path folder) throws IOException {
    if (Files.notExists(folder)) {
      return Optional.empty();
    }
    for (Path day : list(folder)) {
      if (dayOf(day).isEmpty() || !Files.isDirectory(day)) {
        return Optional.of(day);
      }
      for (Path file : list(day)) {
        if (!file.getFileName().toString().startsWith(FACTS)) {
          return Optional.of(file);
        }
      }
    }
    return Optional.empty();
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }

  private static Optional<LocalDate> dayOf(Path folder) {
    String name = folder.getFileName().toString();
    try {
      return name.startsWith(DAY)
          ? Optional.of(LocalDate.parse(name.substring(DAY.length())))
          : Optional.empty();
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /// The file of a day, whether it exists or not.
  public Path file(LocalDate day, Format format) {
    return folder.resolve(DAY + day).resolve(FACTS + format.extension());
  }

  /// The files of a format that are there, by day.
  public Map<LocalDate, Path> files(Format format) throws IOException {
    Map<LocalDate, Path> files = new TreeMap<>();
    if (Files.isDirectory(folder)) {
      for (Path entry : list(folder)) {
        dayOf(entry).ifPresent(day -> files.put(day, file(day, format)));
      }
      files.values().removeIf(Files::notExists);
    }
    return files;
  }
}
