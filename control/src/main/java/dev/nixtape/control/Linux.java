package dev.nixtape.control;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Calls that the JDK has no door to. Their numbers are the same on x86-64 and arm64.
final class Linux {
  /// include/uapi/asm-generic/unistd.h
  private static final long PIDFD_SEND_SIGNAL = 424;

  private static final long PIDFD_OPEN = 434;

  /// include/uapi/asm-generic/fcntl.h
  private static final int O_PATH = 0x20_0000;

  private static final int O_CLOEXEC = 0x8_0000;

  /// include/uapi/asm-generic/errno-base.h
  private static final int EPERM = 1;

  private static final int ENOENT = 2;
  private static final int ESRCH = 3;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final AddressLayout ADDRESS = ValueLayout.ADDRESS;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
  private static final Linker.Option KEEPS_ERRNO = Linker.Option.captureCallState("errno");

  private static final MethodHandle SYSCALL =
      call(
          "syscall",
          FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG),
          KEEPS_ERRNO,
          Linker.Option.firstVariadicArg(1));
  private static final MethodHandle OPEN =
      call(
          "open",
          FunctionDescriptor.of(INT, ADDRESS, INT),
          KEEPS_ERRNO,
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE = call("close", FunctionDescriptor.of(INT, INT));
  private static final MethodHandle PAGE_SIZE = call("getpagesize", FunctionDescriptor.of(INT));

  private Linux() {}

  /// A descriptor of something that stays that very thing while it is open.
  record Held(int descriptor) implements AutoCloseable {
    /// A process. It may have ended by then, and its number be another's: whoever compares
    /// afterwards knows.
    ///
    /// @throws NoSuchProcess when there is none
    static Held process(long pid) throws IOException {
      return new Held((int) syscall("pidfd_open of process " + pid, PIDFD_OPEN, pid, 0));
    }

    /// A file, neither read nor written: to open a pipe or a device would have effects.
    static Held file(Path file) throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment state = arena.allocate(STATE);
        int descriptor =
            (int) OPEN.invokeExact(state, arena.allocateFrom(file.toString()), O_PATH | O_CLOEXEC);
        return new Held((int) checked(file.toString(), descriptor, state));
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }

    /// Where this process finds it.
    Path path() {
      return Path.of("/proc/self/fd", Integer.toString(descriptor));
    }

    /// Signals the process.
    void signal(Signal signal) throws IOException {
      syscall("SIG" + signal, PIDFD_SEND_SIGNAL, descriptor, signal.number());
    }

    @Override
    public void close() {
      try {
        int _ = (int) CLOSE.invokeExact(descriptor);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }
  }

  static final class NoSuchProcess extends IOException {
    private static final long serialVersionUID = 1;

    NoSuchProcess(String what) {
      super(what + ": it has ended");
    }
  }

  static int pageSize() {
    try {
      return (int) PAGE_SIZE.invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static long syscall(String what, long number, long first, long second)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      return checked(what, (long) SYSCALL.invokeExact(state, number, first, second, 0L, 0L), state);
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static long checked(String what, long answer, MemorySegment state) throws IOException {
    if (answer >= 0) {
      return answer;
    }
    int errno = (int) ERRNO.get(state, 0L);
    throw switch (errno) {
      case ESRCH -> new NoSuchProcess(what);
      case ENOENT -> new NoSuchFileException(what);
      case EPERM -> new IOException(what + ": not permitted");
      default -> new IOException("%s: error %d".formatted(what, errno));
    };
  }

  @SuppressWarnings("restricted") // native code: --enable-native-access
  private static MethodHandle call(String name, FunctionDescriptor type, Linker.Option... options) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type, options);
  }
}
