package dev.nixtape.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The device that `io.max` has to name for a folder.
final class Disk {
  private static final Path DEVICES = Path.of("/sys/dev/block");

  private Disk() {}

  /// Its `major:minor`; empty when the folder is on none, as with ZFS or memory.
  static Optional<String> of(Path folder) {
    try {
      long device = number(folder, "unix:dev");
      if (major(device) == 0) {
        // btrfs has a device of its own making; what it is mounted from is real
        Path source = Path.of(Files.getFileStore(folder).name());
        device = Files.exists(source) ? number(source, "unix:rdev") : 0;
      }
      Path known = DEVICES.resolve("%d:%d".formatted(major(device), minor(device)));
      if (major(device) == 0 || !Files.exists(known)) {
        return Optional.empty();
      }
      // the kernel limits whole disks, not their partitions
      Path disk =
          Files.exists(known.resolve("partition")) ? known.toRealPath().resolve("..") : known;
      return Optional.of(Files.readString(disk.resolve("dev")).strip());
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  private static long number(Path file, String attribute) throws IOException {
    return Files.getAttribute(file, attribute) instanceof Long number ? number : 0;
  }

  /// `gnu_dev_major` of <sys/sysmacros.h>.
  private static long major(long device) {
    return ((device >> 8) & 0xfff) | ((device >> 32) & ~0xfffL);
  }

  private static long minor(long device) {
    return (device & 0xff) | ((device >> 12) & ~0xffL);
  }
}
