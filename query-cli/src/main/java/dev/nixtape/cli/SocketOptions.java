package dev.nixtape.cli;

import dev.nixtape.ingest.Host;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Options of a process that listens to Nix.
final class SocketOptions {
  @Option(
      names = "--socket-dir",
      paramLabel = "DIR",
      description =
          "Where the socket for Nix is (default: $$NIXTAPE_SOCKET_DIR, else $$XDG_RUNTIME_DIR/nixtape, else /run/nixtape).")
  Optional<Path> directory = Optional.empty();

  @Mixin HostName host = new HostName();

  Path path() {
    return directory
        .orElseGet(() -> Places.sockets(System.getenv()))
        .toAbsolutePath()
        .resolve(Places.SOCKET);
  }

  Host host() {
    return host.host();
  }

  /// What this machine is called.
  static final class HostName {
    @Option(
        names = "--host",
        paramLabel = "NAME",
        description = "What this machine is called in the log (default: its host name).")
    Optional<String> hostName = Optional.empty();

    Host host() {
      return hostName.map(Host::named).orElseGet(Host::local);
    }
  }

  /// Says something to whoever started the process.
  static void say(String sentence) {
    System.err.println("nixtape: " + sentence);
  }
}
