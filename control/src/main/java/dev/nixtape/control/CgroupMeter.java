package dev.nixtape.control;

import dev.nixtape.control.Builder.Cgroup;
import dev.nixtape.projections.control.HostSample.BuildUse;
import dev.nixtape.projections.control.HostSample.Pressure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A build in a cgroup of its own, which the kernel counts as one.
final class CgroupMeter implements Meter {
  /// Those of a controller are there only when the cgroup has that.
  private static final List<String> FILES =
      List.of(
          "cgroup.events",
          "cgroup.procs",
          "cgroup.stat",
          "cpu.stat",
          "memory.current",
          "memory.peak",
          "io.stat",
          "cpu.pressure",
          "memory.pressure",
          "io.pressure");

  private final String drvPath;
  private final Instant since;
  private final Proc proc;
  private final Path folder;
  private final Map<String, KernelFile> files = new HashMap<>();
  private long peak;

  private CgroupMeter(String drvPath, Instant since, Proc proc, Path folder) {
    this.drvPath = drvPath;
    this.since = since;
    this.proc = proc;
    this.folder = folder;
  }

  /// Empty when the cgroup is gone already.
  static Optional<Meter> open(String drvPath, Cgroup cgroup, Instant since, Proc proc) {
    CgroupMeter meter = new CgroupMeter(drvPath, since, proc, cgroup.folder());
    try (Linux.Held held = Linux.Held.file(cgroup.folder())) {
      if (Inode.of(held.path()).equals(Optional.of(cgroup.inode()))) {
        for (String name : FILES) {
          KernelFile.open(held.path().resolve(name)).ifPresent(file -> meter.files.put(name, file));
        }
        return Optional.of(meter);
      }
    } catch (IOException _) {
      // gone
    }
    return Optional.empty();
  }

  @Override
  public Optional<BuildUse> read() {
    try {
      String events = text("cgroup.events");
      if (KernelFile.number(events, "populated ") == 0) {
        return Optional.empty();
      }
      String cpu = text("cpu.stat");
      String io = text("io.stat");
      List<Long> pids = pids();
      long memory = memory(pids);
      peak = Math.max(peak, Math.max(memory, KernelFile.number(text("memory.peak"), 0)));
      return Optional.of(
          new BuildUse(
              drvPath,
              since,
              KernelFile.number(events, "frozen ") == 1,
              KernelFile.number(cpu, "user_usec ") / 1000,
              KernelFile.number(cpu, "system_usec ") / 1000,
              memory,
              peak,
              bytes("rbytes=", io),
              bytes("wbytes=", io),
              pids.size(),
              pressure()));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// @return "" when there is no such file
  private String text(String name) throws IOException {
    KernelFile file = files.get(name);
    return file == null ? "" : file.text();
  }

  private List<Long> pids() throws IOException {
    return KernelFile.number(text("cgroup.stat"), "nr_descendants ") > 0
        ? Processes.pids(folder)
        : text("cgroup.procs").lines().map(Long::valueOf).toList();
  }

  private long memory(List<Long> pids) throws IOException {
    return files.containsKey("memory.current")
        ? KernelFile.number(text("memory.current"), 0)
        : pids.stream().mapToLong(proc::residentPages).sum() * Linux.pageSize();
  }

  private @Nullable Long bytes(String key, String io) {
    return files.containsKey("io.stat") ? KernelFile.sum(io, key) : null;
  }

  private @Nullable Pressure pressure() throws IOException {
    return files.containsKey("cpu.pressure")
        ? new Pressure(
            waited(text("cpu.pressure")),
            waited(text("memory.pressure")),
            waited(text("io.pressure")))
        : null;
  }

  /// `some avg10=0.12 avg60=…`, of a cgroup or of the host.
  static double waited(String text) {
    int from = text.indexOf("avg10=") + "avg10=".length();
    int to = text.indexOf(' ', from);
    return to < 0 ? 0 : Double.parseDouble(text.substring(from, to));
  }

  @Override
  public void close() {
    files.values().forEach(KernelFile::close);
  }
}
