package dev.nixtape.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/// A secret in a file that its user alone can read.
final class PrivateText {
  private PrivateText() {}

  /// @param option that names the file
  static String read(String option, Path file) {
    try {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
      if (mode.contains(PosixFilePermission.GROUP_READ)
          || mode.contains(PosixFilePermission.OTHERS_READ)) {
        throw new Failure(
            Failure.USAGE,
            "%s: other users can read %s, so it is no secret: chmod go-rwx %s, or make a new one"
                .formatted(option, file, file));
      }
      return Files.readString(file, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new Failure(Failure.USAGE, "%s: cannot read %s (%s)".formatted(option, file, e));
    }
  }
}
