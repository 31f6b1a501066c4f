package dev.nixtape.control;

import dev.nixtape.projections.control.HostSample.Pressure;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the kernel says of the host as a whole. For one thread.
final class HostFigures implements AutoCloseable {
  private final KernelFile loadavg;
  private final KernelFile meminfo;
  private final KernelFile online;
  private final List<Optional<KernelFile>> pressure;
  private final Path store;

  /// Its folder is looked for among all mounts once, not every second.
  private @Nullable FileStore disk;

  /// @param kernel the folder that `proc` and `sys` are in: `/`
  /// @param store the folder whose disk is meant
  HostFigures(Path kernel, Path store) throws IOException {
    this.loadavg = open(kernel.resolve("proc/loadavg"));
    this.meminfo = open(kernel.resolve("proc/meminfo"));
    this.online = open(kernel.resolve("sys/devices/system/cpu/online"));
    Path folder = kernel.resolve("proc/pressure");
    this.pressure =
        List.of("cpu", "memory", "io").stream()
            .map(name -> KernelFile.open(folder.resolve(name)))
            .toList();
    this.store = store;
  }

  private static KernelFile open(Path file) throws IOException {
    return KernelFile.open(file).orElseThrow(() -> new NoSuchFileException(file.toString()));
  }

  /// Of 1, 5 and 15 minutes.
  List<Double> load() throws IOException {
    return Arrays.stream(loadavg.text().split(" ", -1)).limit(3).map(Double::valueOf).toList();
  }

  /// Those that are online: `0-3,6`.
  int processors() throws IOException {
    int processors = 0;
    for (String range : online.text().strip().split(",", -1)) {
      String[] ends = range.split("-", -1);
      processors += Integer.parseInt(ends[ends.length - 1]) - Integer.parseInt(ends[0]) + 1;
    }
    return processors;
  }

  /// Bytes, as `/proc/meminfo` has them.
  record Memory(long total, long available) {}

  Memory memory() throws IOException {
    String text = meminfo.text();
    return new Memory(bytes(text, "MemTotal:"), bytes(text, "MemAvailable:"));
  }

  private static long bytes(String text, String key) {
    int from = text.indexOf(key) + key.length();
    while (text.charAt(from) == ' ') {
      from++;
    }
    return KernelFile.number(text, from) * 1024;
  }

  /// Null where the kernel does not tell.
  @Nullable Pressure pressure() {
    if (!pressure.stream().allMatch(Optional::isPresent)) {
      return null;
    }
    try {
      return new Pressure(waited(0), waited(1), waited(2));
    } catch (IOException _) {
      // there, and switched off: booted without psi=1
      return null;
    }
  }

  private double waited(int index) throws IOException {
    return CgroupMeter.waited(pressure.get(index).orElseThrow().text());
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

  @Override
  public void close() {
    loadavg.close();
    meminfo.close();
    online.close();
    pressure.forEach(file -> file.ifPresent(KernelFile::close));
  }
}
