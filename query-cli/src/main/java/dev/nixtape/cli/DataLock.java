package dev.nixtape.cli;

import dev.nixtape.ingest.spool.DirectoryLock;
import java.io.IOException;
import java.nio.file.Path;

/// One `up` or `streams` a data directory.
final class DataLock {
  private DataLock() {}

  /// Takes the directory, which is made when it is missing.
  ///
  /// @param who what to tell somebody else who wants it
  static DirectoryLock take(Path directory, String who) {
    try {
      return DirectoryLock.take(directory, who)
          .orElseThrow(() ->
              new Failure(
                  Failure.FAILED,
                  "%s is held by %s; stop that one, or choose another directory with --data"
                      .formatted(directory, DirectoryLock.holder(directory))));
    } catch (IOException e) {
      throw new Failure(
          Failure.FAILED,
          "cannot use %s (%s): choose a directory that is yours with --data"
              .formatted(directory, e));
    }
  }
}
