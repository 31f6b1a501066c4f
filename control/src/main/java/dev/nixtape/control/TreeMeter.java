package dev.nixtape.control;

import dev.nixtape.control.Builder.Pid;
import dev.nixtape.control.Proc.Stat;
import dev.nixtape.projections.control.HostSample.BuildUse;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// A build without a cgroup: its builder, and what is below that. What outlived its parent is
/// missing.
final class TreeMeter implements Meter {
  private final String drvPath;
  private final Pid builder;
  private final Instant since;
  private final Supplier<Map<Long, List<Stat>>> children;
  private final Proc proc;
  private long cpuUserMs;
  private long cpuSystemMs;
  private long peak;

  /// @param children of each process of the host, as of this round
  TreeMeter(
      String drvPath,
      Pid builder,
      Instant since,
      Proc proc,
      Supplier<Map<Long, List<Stat>>> children) {
    this.drvPath = drvPath;
    this.builder = builder;
    this.since = since;
    this.proc = proc;
    this.children = children;
  }

  @Override
  public Optional<BuildUse> read() {
    Optional<Stat> root =
        proc.stat(builder.pid()).filter(stat -> stat.process().equals(builder) && !stat.ended());
    return root.map(this::read);
  }

  private BuildUse read(Stat root) {
    long user = 0;
    long system = 0;
    long memory = 0;
    int processes = 0;
    Deque<Stat> left = new ArrayDeque<>(List.of(root));
    while (!left.isEmpty()) {
      Stat stat = left.pop();
      user += stat.cpuUserMs();
      system += stat.cpuSystemMs();
      memory += stat.rssPages() * Linux.pageSize();
      processes++;
      left.addAll(children.get().getOrDefault(stat.process().pid(), List.of()));
    }
    // the time of those that nobody waited for goes with them
    cpuUserMs = Math.max(cpuUserMs, user);
    cpuSystemMs = Math.max(cpuSystemMs, system);
    peak = Math.max(peak, memory);
    return new BuildUse(
        drvPath,
        since,
        root.stopped(),
        cpuUserMs,
        cpuSystemMs,
        memory,
        peak,
        null,
        null,
        processes,
        null);
  }
}
