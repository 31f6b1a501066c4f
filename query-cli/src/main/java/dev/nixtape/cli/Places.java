package dev.nixtape.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Where nixtape keeps things when nobody says.
final class Places {
  static final String SOCKET = "nix.sock";

  private static final Path RUN = Path.of("/run/nixtape");

  private Places() {}

  /// The same, of this process.
  static Path data() {
    return data(
        System.getenv(), System.getProperty("user.name"), Path.of(System.getProperty("user.home")));
  }

  /// `/var/lib/nixtape` for root, else `$XDG_STATE_HOME/nixtape`, else `~/.local/state/nixtape`.
  static Path data(Map<String, String> environment, String user, Path home) {
    if (user.equals("root")) {
      return Path.of("/var/lib/nixtape");
    }
    String state = environment.getOrDefault("XDG_STATE_HOME", "");
    return (state.isEmpty() ? home.resolve(".local/state") : Path.of(state)).resolve("nixtape");
  }

  /// `$XDG_CACHE_HOME/nixtape`, else `~/.cache/nixtape`, of this process.
  static Path cache() {
    return cache(System.getenv(), Path.of(System.getProperty("user.home")));
  }

  static Path cache(Map<String, String> environment, Path home) {
    String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
    return (cache.isEmpty() ? home.resolve(".cache") : Path.of(cache)).resolve("nixtape");
  }

  /// `$XDG_CONFIG_HOME/nixtape`, else `~/.config/nixtape`, of this process.
  static Path config() {
    return config(System.getenv(), Path.of(System.getProperty("user.home")));
  }

  static Path config(Map<String, String> environment, Path home) {
    String config = environment.getOrDefault("XDG_CONFIG_HOME", "");
    return (config.isEmpty() ? home.resolve(".config") : Path.of(config)).resolve("nixtape");
  }

  /// Where a server's sockets may be for who asks: a server of this user's, or the machine's.
  static List<Path> socketsToAsk(Map<String, String> environment) {
    return environment.getOrDefault("NIXTAPE_SOCKET_DIR", "").isEmpty()
        ? List.of(sockets(environment), RUN)
        : List.of(sockets(environment));
  }

  /// `$NIXTAPE_SOCKET_DIR`, else `$XDG_RUNTIME_DIR/nixtape`, else `/run/nixtape`.
  static Path sockets(Map<String, String> environment) {
    String named = environment.getOrDefault("NIXTAPE_SOCKET_DIR", "");
    if (!named.isEmpty()) {
      return Path.of(named);
    }
    String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    return runtime.isEmpty() ? RUN : Path.of(runtime, "nixtape");
  }
}
