package dev.nixtape.control;

import dev.nixtape.control.Builder.Pid;
import dev.nixtape.control.Proc.Stat;
import dev.nixtape.projections.control.HostSample.BuildUse;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What each build of this host uses, asked once a second. For one thread: it remembers who builds
/// what, and looks again only where locks came or went, or a build ended.
final class Accounting implements AutoCloseable {
  private final Builders builders;
  private final InstantSource clock;
  private final Map<Long, Site> sites = new HashMap<>();
  private @Nullable Map<Long, List<Stat>> children;

  Accounting(Builders builders, InstantSource clock) {
    this.builders = builders;
    this.clock = clock;
  }

  /// A process that holds locks, and what it builds.
  ///
  /// @param worker empty when it is none of this Nix
  private record Site(Set<Long> locks, Optional<Worker> worker, Map<Pid, Meter> meters) {
    /// Whether all builds that it can have are known: each local one has a build user, where there
    /// are any.
    boolean complete() {
      return worker.isEmpty() || meters.size() >= Math.max(1, worker.get().users().size());
    }

    void close() {
      meters.values().forEach(Meter::close);
    }
  }

  List<BuildUse> builds() {
    children = null;
    Map<Long, Set<Long>> locks = builders.proc().locks();
    sites
        .entrySet()
        .removeIf(site -> {
          boolean gone = !locks.containsKey(site.getKey());
          if (gone) {
            site.getValue().close();
          }
          return gone;
        });
    List<BuildUse> uses = new ArrayList<>();
    locks.forEach((pid, locked) -> {
      Site site = sites.get(pid);
      if (site != null) {
        read(site, uses);
      }
      if (site == null || !site.locks().equals(locked) || !site.complete()) {
        sites.put(pid, visit(pid, locked, site == null ? new HashMap<>() : site.meters(), uses));
      }
    });
    return uses;
  }

  private static void read(Site site, List<BuildUse> uses) {
    Iterator<Meter> meters = site.meters().values().iterator();
    while (meters.hasNext()) {
      Meter meter = meters.next();
      Optional<BuildUse> use = meter.read();
      use.ifPresent(uses::add);
      if (use.isEmpty()) {
        meter.close();
        meters.remove();
      }
    }
  }

  /// Looks for builds that are not known yet.
  private Site visit(long pid, Set<Long> locked, Map<Pid, Meter> known, List<BuildUse> uses) {
    Optional<Worker> worker = builders.workers().worker(pid, locked);
    Map<Pid, Meter> meters = new HashMap<>(known);
    if (worker.isPresent()) {
      Instant now = clock.instant();
      for (Builder builder : builders.of(worker.get(), known.keySet())) {
        meter(builder, now)
            .ifPresent(meter ->
                meter
                    .read()
                    .ifPresentOrElse(
                        use -> {
                          uses.add(use);
                          meters.put(builder.process(), meter);
                        },
                        meter::close));
      }
    }
    return new Site(locked, worker, meters);
  }

  private Optional<Meter> meter(Builder builder, Instant now) {
    return builder.cgroup().isPresent()
        ? CgroupMeter.open(builder.drvPath(), builder.cgroup().get(), now, builders.proc())
        : Optional.of(
            new TreeMeter(
                builder.drvPath(), builder.process(), now, builders.proc(), this::children));
  }

  /// The children of each process, read once a round, and only when somebody asks.
  private Map<Long, List<Stat>> children() {
    if (children == null) {
      children =
          builders.proc().all().stream()
              .flatMap(pid -> builders.proc().stat(pid).stream())
              .collect(Collectors.groupingBy(Stat::parent));
    }
    return children;
  }

  @Override
  public void close() {
    sites.values().forEach(Site::close);
    sites.clear();
  }
}
