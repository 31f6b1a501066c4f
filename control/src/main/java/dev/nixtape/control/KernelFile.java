package dev.nixtape.control;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;

/// A file that the kernel writes while it is read, kept open: what it says now costs one call, and
/// it stays the file of the same cgroup.
record KernelFile(FileChannel channel) implements AutoCloseable {
  private static final int BYTES = 64 * 1024;

  private static final int PAGE = 4096;

  /// One round reads file after file.
  private static final ThreadLocal<ByteBuffer> BUFFER =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BYTES));

  /// Empty when this kernel, or this cgroup, has none.
  static Optional<KernelFile> open(Path file) {
    try {
      return Optional.of(new KernelFile(FileChannel.open(file)));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// @throws IOException when what it tells of is gone
  String text() throws IOException {
    ByteBuffer buffer = BUFFER.get().clear();
    int read;
    do {
      read = channel.read(buffer, buffer.position());
      // a long one comes by the page (seq_file), so what is shorter is the end
    } while (read > PAGE / 2 && buffer.hasRemaining());
    byte[] bytes = new byte[buffer.flip().remaining()];
    buffer.get(bytes);
    return new String(bytes, ISO_8859_1);
  }

  /// The number behind a key.
  static long number(String text, String key) {
    int at = text.indexOf(key);
    return at < 0 ? 0 : number(text, at + key.length());
  }

  /// The sum of the numbers behind each occurrence of a key.
  static long sum(String text, String key) {
    long sum = 0;
    for (int at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + 1)) {
      sum += number(text, at + key.length());
    }
    return sum;
  }

  static long number(String text, int from) {
    long number = 0;
    for (int i = from; i < text.length() && Character.isDigit(text.charAt(i)); i++) {
      number = number * 10 + text.charAt(i) - '0';
    }
    return number;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException _) {
      // it was only read
    }
  }
}
