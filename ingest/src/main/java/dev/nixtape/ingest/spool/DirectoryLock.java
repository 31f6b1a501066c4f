package dev.nixtape.ingest.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One process a directory: its file `lock` says who, and the kernel lets go of it when that
/// process is gone.
public final class DirectoryLock implements AutoCloseable {
  static final String FILE = "lock";

  private final FileChannel file;

  private DirectoryLock(FileChannel file) {
    this.file = file;
  }

  /// Takes a directory, which is made when it is missing. Empty when another process has it.
  ///
  /// @param who what to tell somebody else who wants it
  public static Optional<DirectoryLock> take(Path directory, String who) throws IOException {
    Files.createDirectories(directory);
    FileChannel file =
        FileChannel.open(
            directory.resolve(FILE),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    if (lock(file) == null) {
      file.close();
      return Optional.empty();
    }
    file.truncate(0);
    file.write(ByteBuffer.wrap((who + "\n").getBytes(StandardCharsets.UTF_8)));
    return Optional.of(new DirectoryLock(file));
  }

  /// Who has it, or had it last, in the words that they gave.
  public static String holder(Path directory) {
    try {
      return Files.readString(directory.resolve(FILE)).strip();
    } catch (IOException _) {
      return "another process";
    }
  }

  private static @Nullable FileLock lock(FileChannel file) throws IOException {
    try {
      return file.tryLock();
    } catch (OverlappingFileLockException _) {
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
