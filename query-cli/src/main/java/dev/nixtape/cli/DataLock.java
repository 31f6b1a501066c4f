package dev.nixtape.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// One process a data directory: its file `lock` says who, and the kernel lets go of it when that
/// process is gone.
final class DataLock implements AutoCloseable {
  private final FileChannel file;

  private DataLock(FileChannel file) {
    this.file = file;
  }

  /// Takes the directory, which is made when it is missing.
  ///
  /// @param who what to tell somebody else who wants it
  static DataLock take(Path directory, String who) {
    try {
      Files.createDirectories(directory);
      Path path = directory.resolve("lock");
      FileChannel file =
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      if (lock(file) == null) {
        file.close();
        throw new Failure(
            Failure.FAILED,
            "%s is held by %s; stop that one, or choose another directory with --data"
                .formatted(directory, Files.readString(path).strip()));
      }
      file.truncate(0);
      file.write(ByteBuffer.wrap((who + "\n").getBytes(StandardCharsets.UTF_8)));
      return new DataLock(file);
    } catch (IOException e) {
      throw new Failure(
          Failure.FAILED,
          "cannot use %s (%s): choose a directory that is yours with --data"
              .formatted(directory, e));
    }
  }

  private static @Nullable FileLock lock(FileChannel file) throws IOException {
    try {
      return file.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
