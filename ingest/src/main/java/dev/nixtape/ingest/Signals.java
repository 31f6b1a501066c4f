package dev.nixtape.ingest;

import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/// Once a command runs, its end is this process's end too: no signal ends the recording first, nor
/// cuts off what is still on its way to Kafka afterwards. So the signals are never given back: the
/// JVM hands one on some time after it arrived, which can be after the command's end.
///
/// The JDK's only way to outlive a signal is `sun.misc.Signal` (module jdk.unsupported), of which
/// the compiler always warns: so it is called by its name.
final class Signals {
  private static final String SIGNAL = "sun.misc.Signal";
  private static final String HANDLER = "sun.misc.SignalHandler";

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
      handle(name, handler);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "this JVM cannot handle SIG%s: it lacks the module jdk.unsupported".formatted(name), e);
    }
  }

  private static void handle(String name, Object handler) throws ReflectiveOperationException {
    Class<?> signals = Class.forName(SIGNAL);
    Object signal = signals.getConstructor(String.class).newInstance(name);
    signals.getMethod("handle", signals, Class.forName(HANDLER)).invoke(null, signal, handler);
  }
}
