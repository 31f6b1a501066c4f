package dev.nixtape.ingest.spool;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The scheduler's view of a thread: what is not urgent lets builds go first.
public final class Niceness {
  /// Of `setpriority(2)`; Linux takes a thread for a process there.
  private static final int PRIO_PROCESS = 0;

  private static final int CALLER = 0;

  /// A tenth of the share of a thread that is as nice as most.
  private static final int BEHIND_BUILDS = 10;

  private Niceness() {}

  /// Puts the calling thread behind builds, where the system can; elsewhere does nothing.
  static void behindBuilds() {
    set(BEHIND_BUILDS);
  }

  /// Gives the calling thread a build's share, whatever its process has: root's may.
  public static void besideBuilds() {
    set(0);
  }

  @SuppressWarnings("restricted") // native code: --enable-native-access
  private static void set(int nice) {
    if (!System.getProperty("os.name").equals("Linux")) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    linker
        .defaultLookup()
        .find("setpriority")
        .ifPresent(function -> {
          MethodHandle setpriority =
              linker.downcallHandle(
                  function,
                  FunctionDescriptor.of(
                      ValueLayout.JAVA_INT,
                      ValueLayout.JAVA_INT,
                      ValueLayout.JAVA_INT,
                      ValueLayout.JAVA_INT));
          try {
            int _ = (int) setpriority.invokeExact(PRIO_PROCESS, CALLER, nice);
          } catch (Throwable e) {
            throw new IllegalStateException("setpriority", e);
          }
        });
  }
}
