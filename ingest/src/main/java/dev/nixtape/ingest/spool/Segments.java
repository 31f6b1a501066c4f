package dev.nixtape.ingest.spool;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/// The segments of one session that a former process left, by their numbers.
record Segments(NavigableMap<Integer, SegmentFile> files) {
  static final Segments NONE = new Segments(new TreeMap<>());

  /// Those of a spool, by their sessions. What has no beginning is deleted: nothing is in it. What
  /// cannot be read is put aside: the rest is recorded all the same, and the log says what is
  /// missing.
  static Map<String, Segments> in(Path directory, Consumer<String> say) throws IOException {
    Map<String, Segments> found = new TreeMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        if (dot > 0 && name.substring(dot + 1).matches("[0-9]{1,9}")) {
          found
              .computeIfAbsent(name.substring(0, dot), _ -> new Segments(new TreeMap<>()))
              .files
              .put(Integer.parseInt(name.substring(dot + 1)), new SegmentFile(file));
        }
      }
    }
    for (Segments each : found.values()) {
      each.dropUnbegun();
      each.putAsideUnreadable(say);
    }
    found.values().removeIf(Segments::isEmpty);
    return found;
  }

  boolean isEmpty() {
    return files.isEmpty();
  }

  int first() {
    return files.firstKey();
  }

  int newest() {
    return files.lastKey();
  }

  SegmentFile last() {
    return files.lastEntry().getValue();
  }

  /// Bytes of all of them.
  long size() throws IOException {
    long size = 0;
    for (SegmentFile file : files.values()) {
      size += file.size();
    }
    return size;
  }

  private void dropUnbegun() throws IOException {
    while (!files.isEmpty() && !last().isBegun()) {
      Files.delete(files.pollLastEntry().getValue().path());
    }
  }

  private void putAsideUnreadable(Consumer<String> say) throws IOException {
    for (SegmentFile file : List.copyOf(files.values())) {
      try {
        SegmentHead _ = file.head();
      } catch (OtherVersion e) {
        throw e;
      } catch (IOException e) {
        files.values().remove(file);
        Path aside = file.path().resolveSibling(file.path().getFileName() + ".unreadable");
        Files.move(file.path(), aside, StandardCopyOption.REPLACE_EXISTING);
        say.accept("%s; it is %s now".formatted(e.getMessage(), aside.getFileName()));
      }
    }
  }
}
