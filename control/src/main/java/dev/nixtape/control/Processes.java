package dev.nixtape.control;

import dev.nixtape.control.Builder.Pid;
import dev.nixtape.control.Proc.Stat;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The processes of a build. Each is held against what makes it the build's after its start is
/// known: a number that was listed a moment ago may be another's by then.
record Processes(Proc proc) {
  /// All of them, the builder first and each before its children; none when the builder is gone.
  List<Stat> of(Builder builder) {
    Map<Long, Stat> found = new LinkedHashMap<>();
    if (builder.cgroup().isPresent()) {
      addAll(builder.cgroup().get().folder(), found);
    } else {
      proc.stat(builder.process().pid()).ifPresent(stat -> addTree(stat, found));
      if (builder.ownUser()) {
        addDaemons(builder, found);
      }
    }
    // while it is there they are the build's; then its pid, user and cgroup may be another's
    return isThere(builder.process()) ? inOrder(builder.process(), found) : List.of();
  }

  /// Whether it has not been waited for yet: until then nobody else gets its number.
  private boolean isThere(Pid process) {
    return proc.process(process.pid()).equals(Optional.of(process));
  }

  private void addAll(Path cgroup, Map<Long, Stat> found) {
    Path mount = proc.cgroups().orElseThrow();
    for (long pid : pids(cgroup)) {
      Optional<Stat> stat = proc.stat(pid);
      Optional<Path> own = proc.cgroup(pid).map(path -> mount.resolve(path.substring(1)));
      if (stat.isPresent() && own.isPresent() && own.get().startsWith(cgroup)) {
        found.put(pid, stat.get());
      }
    }
  }

  private void addTree(Stat stat, Map<Long, Stat> found) {
    long pid = stat.process().pid();
    if (found.put(pid, stat) == null) {
      List<Long> children = proc.children(pid);
      if (isThere(stat.process())) {
        for (long child : children) {
          proc.stat(child).filter(its -> its.parent() == pid).ifPresent(its -> addTree(its, found));
        }
      }
    }
  }

  /// What outlived its parent is no longer below the builder. It has the user that Nix keeps for
  /// the build, and sees the same root: in another the same number may be somebody else.
  private void addDaemons(Builder builder, Map<Long, Stat> found) {
    Optional<Inode> root = proc.root(builder.process().pid());
    for (long pid : proc.all()) {
      Optional<Stat> stat =
          proc.stat(pid).filter(its -> its.process().start() >= builder.process().start());
      if (!found.containsKey(pid)
          && stat.isPresent()
          && root.isPresent()
          && proc.uid(pid).orElse(-1) == builder.uid()
          && proc.root(pid).equals(root)) {
        found.put(pid, stat.get());
      }
    }
  }

  /// Those of a cgroup and of all below it.
  static List<Long> pids(Path cgroup) {
    List<Long> pids = new ArrayList<>();
    try {
      for (String pid : Files.readAllLines(cgroup.resolve("cgroup.procs"))) {
        pids.add(Long.valueOf(pid));
      }
      try (DirectoryStream<Path> below = Files.newDirectoryStream(cgroup, Files::isDirectory)) {
        below.forEach(folder -> pids.addAll(pids(folder)));
      }
    } catch (IOException | DirectoryIteratorException _) {
      // removed
    }
    return pids;
  }

  private static List<Stat> inOrder(Pid builder, Map<Long, Stat> found) {
    Map<Long, Stat> left = new LinkedHashMap<>(found);
    List<Stat> ordered = new ArrayList<>();
    take(builder.pid(), left, ordered);
    for (Stat stat : found.values()) {
      if (!found.containsKey(stat.parent())) {
        take(stat.process().pid(), left, ordered);
      }
    }
    // a parent may have changed while they were read
    ordered.addAll(left.values());
    return ordered;
  }

  private static void take(long pid, Map<Long, Stat> left, List<Stat> ordered) {
    Stat stat = left.remove(pid);
    if (stat != null) {
      ordered.add(stat);
      for (Stat child : List.copyOf(left.values())) {
        if (child.parent() == pid) {
          take(child.process().pid(), left, ordered);
        }
      }
    }
  }
}
