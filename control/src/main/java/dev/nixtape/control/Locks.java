package dev.nixtape.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/// The files that some process has locked for itself alone with flock(2), as `/proc/locks` has
/// them. Java's own locks are of another kind, which knows nothing of these.
///
/// @param numbers of the inodes, whatever their device
record Locks(Set<Inode> files, Set<Long> numbers) {
  static Locks read(Path procLocks) {
    Set<Inode> files = new HashSet<>();
    try {
      for (String line : Files.readAllLines(procLocks)) {
        // 1: FLOCK  ADVISORY  WRITE 27948 fe:00:1550126 0 EOF; `1: -> FLOCK …` only waits for it
        String[] fields = line.strip().split("\\s+", -1);
        if (fields.length > 5 && fields[1].equals("FLOCK") && fields[3].equals("WRITE")) {
          files.add(inode(fields[5].split(":", -1)));
        }
      }
    } catch (IOException _) {
      // a kernel that does not tell: nothing is known to be locked
    }
    Set<Long> numbers = new HashSet<>();
    files.forEach(file -> numbers.add(file.number()));
    return new Locks(files, numbers);
  }

  /// @param fields major and minor number of the device, hexadecimal, and the inode's
  private static Inode inode(String[] fields) {
    long major = Long.parseLong(fields[0], 16);
    long minor = Long.parseLong(fields[1], 16);
    return new Inode(device(major, minor), Long.parseLong(fields[2]));
  }

  /// glibc's `makedev`, for what stat(2) tells.
  static long device(long major, long minor) {
    return (minor & 0xff)
        | ((major & 0xfff) << 8)
        | ((minor & ~0xffL) << 12)
        | ((major & ~0xfffL) << 32);
  }

  boolean has(Inode file) {
    // stat(2) shows another device than the file system's own where there is no disk of its own
    // beneath it: btrfs, overlayfs
    boolean anonymous = (file.device() & device(-1, 0)) == 0;
    return anonymous ? numbers.contains(file.number()) : files.contains(file);
  }
}
