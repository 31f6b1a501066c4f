package dev.nixtape.streams;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/// Files on which it depends who may do what.
final class PrivateFile {
  private PrivateFile() {}

  /// Throws an exception when anybody but its owner can read a secret, or write it.
  static void require(Path file) throws IOException {
    refuse(
        file,
        Set.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE),
        "go-rw");
  }

  /// Throws an exception when anybody but its owner can write it.
  static void requireOwn(Path file) throws IOException {
    refuse(file, Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE), "go-w");
  }

  private static void refuse(Path file, Set<PosixFilePermission> open, String change)
      throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file + ": there is no such file, or it cannot be seen");
    }
    if (Files.getPosixFilePermissions(file).stream().anyMatch(open::contains)) {
      throw new IOException(
          "%s is open to other users than its owner, who could take what it allows: chmod %s %s"
              .formatted(file, change, file));
    }
  }
}
