package dev.nixtape.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/// The files that some process has locked for itself alone with flock(2), as `/proc/locks` has
/// them. Java's own locks are of another kind, which knows nothing of these.
///
/// @param files `major:minor:inode`
/// @param inodes of any file system
record Locks(Set<String> files, Set<Long> inodes) {
  static Locks read(Path procLocks) {
    Set<String> files = new HashSet<>();
    Set<Long> inodes = new HashSet<>();
    try {
      for (String line : Files.readAllLines(procLocks)) {
        // 1: FLOCK  ADVISORY  WRITE 27948 fe:00:1550126 0 EOF; `1: -> FLOCK …` only waits for it
        String[] fields = line.strip().split("\\s+", -1);
        if (fields.length > 5 && fields[1].equals("FLOCK") && fields[3].equals("WRITE")) {
          files.add(fields[5]);
          inodes.add(Long.valueOf(fields[5].substring(fields[5].lastIndexOf(':') + 1)));
        }
      }
    } catch (IOException _) {
      // a kernel that does not tell: nothing is known to be locked
    }
    return new Locks(files, inodes);
  }

  boolean has(Inode file) {
    long major = ((file.device() >>> 8) & 0xfff) | ((file.device() >>> 32) & ~0xfffL);
    long minor = (file.device() & 0xff) | ((file.device() >>> 12) & 0xfff00);
    // stat(2) shows another device than the file system's own where there is no disk of its own
    // beneath it: btrfs, overlayfs
    return major == 0
        ? inodes.contains(file.number())
        : files.contains("%02x:%02x:%d".formatted(major, minor, file.number()));
  }
}
