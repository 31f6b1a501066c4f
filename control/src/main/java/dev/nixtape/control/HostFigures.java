package dev.nixtape.control;

import dev.nixtape.projections.control.HostSample.Pressure;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What the kernel says of the host as a whole. For one thread.
final class HostFigures {
  private final Path proc;
  private final Path processors;
  private final Path store;

  /// Its folder is looked for among all mounts once, not every second.
  private @Nullable FileStore disk;

  /// @param kernel the folder that `proc` and `sys` are in: `/`
  /// @param store the folder whose disk is meant
  HostFigures(Path kernel, Path store) {
    this.proc = kernel.resolve("proc");
    this.processors = kernel.resolve("sys/devices/system/cpu/online");
    this.store = store;
  }

  /// Of 1, 5 and 15 minutes.
  List<Double> load() throws IOException {
    return Arrays.stream(Files.readString(proc.resolve("loadavg")).split(" ", -1))
        .limit(3)
        .map(Double::valueOf)
        .toList();
  }

  /// Those that are online: `0-3,6`.
  int processors() throws IOException {
    int online = 0;
    for (String range : Files.readString(processors).strip().split(",", -1)) {
      String[] ends = range.split("-", -1);
      online += Integer.parseInt(ends[ends.length - 1]) - Integer.parseInt(ends[0]) + 1;
    }
    return online;
  }

  /// Bytes by name: `MemTotal`, `MemAvailable`, …
  Map<String, Long> memory() throws IOException {
    Map<String, Long> memory = new TreeMap<>();
    for (String line : Files.readAllLines(proc.resolve("meminfo"))) {
      String[] words = line.split(":?\\s+", -1);
      if (words.length == 3 && words[2].equals("kB")) {
        memory.put(words[0], Long.parseLong(words[1]) * 1024);
      }
    }
    return memory;
  }

  /// Null where the kernel does not tell.
  @Nullable Pressure pressure() {
    try {
      Path folder = proc.resolve("pressure");
      return new Pressure(
          some(folder.resolve("cpu")), some(folder.resolve("memory")), some(folder.resolve("io")));
    } catch (IOException _) {
      return null;
    }
  }

  /// `some avg10=0.12 avg60=…`
  private static double some(Path file) throws IOException {
    String text = Files.readString(file);
    int from = text.indexOf("avg10=") + "avg10=".length();
    return Double.parseDouble(text.substring(from, text.indexOf(' ', from)));
  }

  /// Bytes of the store's disk; 0 when there is none.
  long store() {
    return of(FileStore::getTotalSpace);
  }

  long storeFree() {
    return of(FileStore::getUsableSpace);
  }

  private interface Space {
    long of(FileStore disk) throws IOException;
  }

  private long of(Space space) {
    try {
      if (disk == null) {
        disk = Files.getFileStore(store);
      }
      return space.of(disk);
    } catch (IOException _) {
      disk = null;
      return 0;
    }
  }
}
