package dev.nixtape.control;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nixtape.control.LiveBuild.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// This process as a worker of Nix: it locks what is made, writes logs, and starts real builders,
/// in real cgroups where it may.
final class LiveNix implements AutoCloseable {
  private final Path root;
  private final List<Build> builds = new ArrayList<>();

  /// @param cgroup the path of none when it has none
  record Build(String drvPath, Process builder, Path cgroup, Lock lock, OutputStream log) {
    void end() {
      Stream.concat(Stream.of(builder.toHandle()), builder.descendants())
          .toList()
          .forEach(ProcessHandle::destroyForcibly);
      builder.onExit().join();
      LiveBuild.await(() -> LiveBuild.removed(cgroup));
      lock.close();
      try {
        log.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  LiveNix(Path root) {
    this.root = root;
  }

  Builders watched() {
    return new Builders(root);
  }

  /// A build of two processes.
  ///
  /// @param number one that no other has
  Build build(Kind kind, int number) throws IOException {
    String drv = "%032d-n.drv".formatted(number);
    String out = "%032d-n".formatted(1_000_000 + number);
    Path store = root.resolve("nix/store");
    ScratchHost.write(
        store.resolve(drv),
        "Derive([(\"out\",\"/nix/store/%s\",\"\",\"\")],[],[],\"s\",\"b\",[],[])".formatted(out));
    Path lock = store.resolve(out + ".lock");
    ScratchHost.write(lock, "");
    Path log = root.resolve("drvs").resolve(drv.substring(0, 2)).resolve(drv.substring(2));
    ScratchHost.write(log, "");

    Lock locked = Lock.of(lock);
    OutputStream written = Files.newOutputStream(log);
    Path cgroup =
        kind == Kind.CGROUP
            ? LiveBuild.PROC
                .cgroups()
                .orElseThrow()
                .resolve("nix-build-pid-%d-%d".formatted(ProcessHandle.current().pid(), number))
            : root.resolve("none");
    String script = "sleep 1000; :";
    if (kind == Kind.CGROUP) {
      Files.createDirectory(cgroup);
      script = "echo $$ >\"$0/cgroup.procs\"; " + script;
    }
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", script, cgroup.toString());
    builder.environment().put("NIX_BUILD_TOP", "/tmp/nix-build-" + number);
    builder.environment().put("out", "/nix/store/" + out);
    Process process = builder.start();
    Build build = new Build("/nix/store/" + drv, process, cgroup, locked, written);
    builds.add(build);
    LiveBuild.await(() -> LiveBuild.PROC.children(process.pid()).size() == 1);
    return build;
  }

  void end(Build build) {
    build.end();
    builds.remove(build);
  }

  @Override
  public void close() {
    builds.forEach(Build::end);
  }

  /// flock(2), which Java's locks are not; held until it is closed.
  private record Lock(int descriptor) implements AutoCloseable {
    private static final int O_RDONLY = 0;
    private static final int LOCK_EX = 2;

    private static final MethodHandle OPEN =
        call(
            "open",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle FLOCK =
        call("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle CLOSE =
        call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    static Lock of(Path file) {
      try (Arena arena = Arena.ofConfined()) {
        int descriptor = (int) OPEN.invokeExact(arena.allocateFrom(file.toString()), O_RDONLY);
        assertEquals(0, (int) FLOCK.invokeExact(descriptor, LOCK_EX));
        return new Lock(descriptor);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void close() {
      try {
        assertEquals(0, (int) CLOSE.invokeExact(descriptor));
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }

    @SuppressWarnings("restricted") // native code: --enable-native-access
    private static MethodHandle call(
        String name, FunctionDescriptor type, Linker.Option... options) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }
  }
}
