package dev.nixtape.control;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A host made of files: what the kernel would show of it in `/proc` and in cgroup v2, and a Nix in
/// a root of its own.
final class ScratchHost {
  /// Long enough for a thread of the test.
  private static final Duration SETTLING = Duration.ofMillis(200);

  final Path proc;
  final Path cgroups;
  final Path root;

  ScratchHost(Path folder) {
    proc = made(folder.resolve("proc"));
    cgroups = made(folder.resolve("sys/fs/cgroup/unified"));
    root = made(folder.resolve("root"));
    made(root.resolve("nix/store"));
    write(
        proc.resolve("self/mountinfo"),
        """
        22 1 254:0 / / rw - ext4 /dev/vda rw
        30 22 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        31 22 0:38 / %s rw - cgroup2 cgroup2 rw
        """
            .formatted(cgroups));
    write(proc.resolve("cgroups"), "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t9\t1\n");
    write(proc.resolve("locks"), "");
  }

  Builders builders() {
    return new Builders(root, new Proc(proc), SETTLING);
  }

  /// A process, started as many ticks after boot as its pid.
  Process process(long pid, long parent) {
    Process process = at(pid);
    process.used(0, 0, 0, parent);
    process.tells("task/%d/children".formatted(pid), "");
    made(process.folder().resolve("fd"));
    if (Files.exists(proc.resolve(Long.toString(parent)))) {
      append(proc.resolve("%d/task/%d/children".formatted(parent, parent)), pid + " ");
    }
    return process.uid(0).cgroup("/").root(root, "/").command("sh").environment(Map.of());
  }

  /// One that is there already.
  Process at(long pid) {
    return new Process(pid);
  }

  /// A process that has locked a file.
  void lock(long pid, Path file) {
    long inode = Inode.of(file).orElseThrow().number();
    append(
        proc.resolve("locks"),
        "1: FLOCK  ADVISORY  WRITE %d fe:00:%d 0 EOF\n".formatted(pid, inode));
  }

  Path file(String path) {
    Path file = root.resolve(path.substring(1));
    write(file, "");
    return file;
  }

  void derivation(String drvPath, Map<String, String> outputs) {
    String list =
        outputs.entrySet().stream()
            .map(
                output -> "(\"%s\",\"%s\",\"\",\"\")".formatted(output.getKey(), output.getValue()))
            .collect(Collectors.joining(","));
    write(
        root.resolve(drvPath.substring(1)),
        "Derive([%s],[],[],\"x86_64-linux\",\"/bin/sh\",[],[])".formatted(list));
  }

  /// A cgroup as the kernel makes one, without controllers.
  Path cgroup(String path) {
    Path folder = made(cgroups.resolve(path.substring(1)));
    write(folder.resolve("cgroup.procs"), "");
    write(folder.resolve("cgroup.controllers"), "");
    write(folder.resolve("cgroup.events"), "populated 1\nfrozen 0\n");
    write(folder.resolve("cgroup.stat"), "nr_descendants 0\nnr_dying_descendants 0\n");
    write(folder.resolve("cgroup.freeze"), "");
    write(folder.resolve("cgroup.kill"), "");
    write(folder.resolve("cpu.stat"), "usage_usec 0\nuser_usec 0\nsystem_usec 0\n");
    return folder;
  }

  final class Process {
    private final long pid;

    private Process(long pid) {
      this.pid = pid;
    }

    private Path folder() {
      return proc.resolve(Long.toString(pid));
    }

    Process used(long userTicks, long systemTicks, long pages, long parent) {
      tells(
          "stat",
          "%d (a ) name) S %d 1 1 0 -1 0 0 0 0 0 %d %d 0 0 20 0 1 0 %d 0 %d 0\n"
              .formatted(pid, parent, userTicks, systemTicks, pid, pages));
      return tells("statm", "900 %d 0 0 0 0 0\n".formatted(pages));
    }

    Process uid(long uid) {
      return tells("status", "Name:\tsh\nUid:\t%d\t0\t0\t0\nNSpid:\t%d\n".formatted(uid, pid));
    }

    /// In a pid namespace of its own it is process 1.
    Process first() {
      return tells("status", "Name:\tsh\nUid:\t0\t0\t0\t0\nNSpid:\t%d\t1\n".formatted(pid));
    }

    Process cgroup(String path) {
      tells("cgroup", "4:memory:/elsewhere\n0::%s\n".formatted(path));
      Path procs = cgroups.resolve(path.substring(1)).resolve("cgroup.procs");
      if (Files.exists(procs)) {
        append(procs, pid + "\n");
      }
      return this;
    }

    /// @param inFileSystem the path that the kernel says it has there
    Process root(Path folder, String inFileSystem) {
      try {
        Files.deleteIfExists(folder().resolve("root"));
        Files.createSymbolicLink(folder().resolve("root"), made(folder));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return tells(
          "mountinfo", "138 118 254:0 %s / rw - ext4 /dev/vda rw\n".formatted(inFileSystem));
    }

    Process command(String... words) {
      return tells("cmdline", String.join("\0", words) + "\0");
    }

    Process environment(Map<String, String> environment) {
      return tells(
          "environ",
          environment.entrySet().stream()
              .map(entry -> entry.getKey() + "=" + entry.getValue() + "\0")
              .collect(Collectors.joining()));
    }

    /// @param known the path that the process knows the file by
    Process opens(String known) {
      try {
        List<Path> open;
        try (var files = Files.list(folder().resolve("fd"))) {
          open = files.toList();
        }
        Files.createSymbolicLink(folder().resolve("fd/" + (open.size() + 3)), Path.of(known));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return this;
    }

    private Process tells(String name, String text) {
      ScratchHost.write(folder().resolve(name), text);
      return this;
    }
  }

  static void write(Path file, String text) {
    try {
      made(file.resolve(".."));
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void append(Path file, String text) {
    try {
      Files.writeString(file, text, CREATE, APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path made(Path folder) {
    try {
      return Files.createDirectories(folder.normalize());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
