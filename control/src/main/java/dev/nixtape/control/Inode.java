package dev.nixtape.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Which file or folder it is, whatever its path leads to by now.
///
/// @param device its file system's (`st_dev`)
/// @param number 64 bits in cgroup v2, where none is ever used again
record Inode(long device, long number) {
  /// Empty when there is none, or none that this process may see.
  static Optional<Inode> of(Path file) {
    try {
      Map<String, Object> attributes = Files.readAttributes(file, "unix:dev,ino");
      return attributes.get("dev") instanceof Long device
              && attributes.get("ino") instanceof Long number
          ? Optional.of(new Inode(device, number))
          : Optional.empty();
    } catch (IOException _) {
      return Optional.empty();
    }
  }
}
