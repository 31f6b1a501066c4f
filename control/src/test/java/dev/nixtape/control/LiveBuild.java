package dev.nixtape.control;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.control.Builder.Cgroup;
import dev.nixtape.control.Builder.Evidence;
import dev.nixtape.control.Builder.Pid;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/// Real processes that stand for a build's: in a real cgroup of their own, or in none.
record LiveBuild(Process process, Builder builder) implements AutoCloseable {
  static final Proc PROC = new Proc(Path.of("/proc"));

  /// A shell and two children.
  static final String SLEEPERS = "sleep 1000 & sleep 1000 & wait";

  private static final String DRV = "/nix/store/a92vf922jf6dvqbjii8k1wimq1xw9s69-live.drv";
  private static final AtomicInteger CGROUPS = new AtomicInteger();

  /// Where a build can run here: without a cgroup, and, where this user may make them, in one.
  enum Kind {
    TREE,
    CGROUP;

    static List<Kind> here() {
      return canMakeCgroups() ? List.of(TREE, CGROUP) : List.of(TREE);
    }
  }

  private static boolean canMakeCgroups() {
    Optional<Path> mount = PROC.cgroups();
    if (mount.isEmpty() || !Files.isWritable(mount.get())) {
      return false;
    }
    try {
      Path made = Files.createDirectory(newCgroup());
      boolean can = Files.exists(made.resolve("cgroup.kill"));
      Files.delete(made);
      return can;
    } catch (IOException _) {
      return false;
    }
  }

  static Path newCgroup() {
    return PROC.cgroups()
        .orElseThrow()
        .resolve(
            "nixtape-test-%d-%d"
                .formatted(ProcessHandle.current().pid(), CGROUPS.incrementAndGet()));
  }

  static LiveBuild start(Kind kind, String script, int processes) throws IOException {
    return switch (kind) {
      case TREE -> alone(script, processes);
      case CGROUP -> in(Files.createDirectory(newCgroup()), script, processes);
    };
  }

  static LiveBuild alone(String script, int processes) throws IOException {
    Process process = started("sh", "-c", script);
    return new LiveBuild(process, builder(process, Optional.empty())).awaited(processes);
  }

  /// In a cgroup that is there.
  static LiveBuild in(Path cgroup, String script, int processes) throws IOException {
    Process process =
        started("sh", "-c", "echo $$ >\"$0/cgroup.procs\"; " + script, cgroup.toString());
    Cgroup own = new Cgroup(cgroup, Inode.of(cgroup).orElseThrow());
    return new LiveBuild(process, builder(process, Optional.of(own))).awaited(processes);
  }

  private static Process started(String... command) throws IOException {
    ProcessBuilder process = new ProcessBuilder(command);
    process.environment().putAll(Map.of("NIXTAPE_TEST", "plain", "NIXTAPE_TEST_TOKEN", "t0p"));
    return process.start();
  }

  private static Builder builder(Process process, Optional<Cgroup> cgroup) {
    Pid pid = PROC.process(process.pid()).orElseThrow();
    long uid = PROC.uid(process.pid()).orElseThrow();
    return new Builder(DRV, pid, cgroup, uid, false, Set.of(Evidence.CHROOT), Optional.empty());
  }

  private LiveBuild awaited(int processes) {
    await(() -> pids().size() >= processes);
    return this;
  }

  /// Ends, and another one takes its place, as Nix has them: in a cgroup of the same name.
  LiveBuild replaced() {
    close();
    try {
      return successor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  LiveBuild successor() throws IOException {
    return builder.cgroup().isPresent()
        ? in(Files.createDirectory(builder.cgroup().get().folder()), SLEEPERS, 3)
        : alone(SLEEPERS, 3);
  }

  List<Pid> all() {
    return new Processes(PROC).of(builder).stream().map(Proc.Stat::process).toList();
  }

  List<Long> pids() {
    return all().stream().map(Pid::pid).toList();
  }

  boolean runs() {
    return PROC.runs(builder.process());
  }

  static void await(BooleanSupplier condition) {
    Patience patience = new Patience(Duration.ofSeconds(20));
    while (!condition.getAsBoolean()) {
      assertTrue(patience.pause(), "waited too long");
    }
  }

  /// Ends what is left of it, and its cgroup.
  @Override
  public void close() {
    List<ProcessHandle> all =
        Stream.concat(
                process.descendants(),
                builder.cgroup().stream()
                    .flatMap(cgroup -> Processes.pids(cgroup.folder()).stream())
                    .flatMap(pid -> ProcessHandle.of(pid).stream()))
            .toList();
    process.destroyForcibly();
    all.forEach(ProcessHandle::destroyForcibly);
    process.onExit().join();
    builder.cgroup().ifPresent(cgroup -> await(() -> removed(cgroup.folder())));
  }

  /// A cgroup goes when its last process has been waited for.
  static boolean removed(Path cgroup) {
    try {
      return Files.deleteIfExists(cgroup) || !Files.exists(cgroup);
    } catch (IOException _) {
      return false;
    }
  }
}
