package dev.nixtape.ingest;

import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// While a command runs, its end is this process's end too: a signal must not end the recording
/// first.
///
/// The JDK's only way to outlive a signal is `sun.misc.Signal` (module jdk.unsupported), of which
/// the compiler always warns: so it is called by its name.
final class Signals implements AutoCloseable {
  private static final String SIGNAL = "sun.misc.Signal";
  private static final String HANDLER = "sun.misc.SignalHandler";

  private final Deque<Runnable> restore = new ArrayDeque<>();
  private @Nullable Process command;
  private boolean asked;

  private Signals() {}

  /// Takes the signals over. Ctrl-C reaches the command by itself, as it is in the terminal's
  /// foreground process group; what asks only this process to end is handed on.
  static Signals held() {
    Signals signals = new Signals();
    signals.on("INT", () -> {});
    signals.on("TERM", signals::askToEnd);
    signals.on("HUP", signals::askToEnd);
    return signals;
  }

  synchronized void leaveTo(Process started) {
    command = started;
    if (asked) {
      started.destroy();
    }
  }

  private synchronized void askToEnd() {
    asked = true;
    if (command != null) {
      command.destroy();
    }
  }

  private void on(String name, Runnable action) {
    try {
      Class<?> handlers = Class.forName(HANDLER);
      Object handler =
          Proxy.newProxyInstance(
              handlers.getClassLoader(),
              new Class<?>[] {handlers},
              (_, _, _) -> {
                action.run();
                return null;
              });
      Object before = handle(name, handler);
      restore.push(() -> {
        try {
          handle(name, before);
        } catch (ReflectiveOperationException e) {
          throw new IllegalStateException(e);
        }
      });
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "this JVM cannot handle SIG%s: it lacks the module jdk.unsupported".formatted(name), e);
    }
  }

  private static Object handle(String name, Object handler) throws ReflectiveOperationException {
    Class<?> signals = Class.forName(SIGNAL);
    Object signal = signals.getConstructor(String.class).newInstance(name);
    return signals
        .getMethod("handle", signals, Class.forName(HANDLER))
        .invoke(null, signal, handler);
  }

  @Override
  public void close() {
    restore.forEach(Runnable::run);
  }
}
