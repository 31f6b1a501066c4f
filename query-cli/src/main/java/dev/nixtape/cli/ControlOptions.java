package dev.nixtape.cli;

import dev.nixtape.control.Agent;
import dev.nixtape.control.Policy;
import dev.nixtape.control.PolicyFile;
import dev.nixtape.projections.control.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;

/// Options of a process that acts on this host's builds.
final class ControlOptions {
  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description =
          "Who may do what to whose builds (default: /etc/nixtape/control.json; without one, root everything).")
  Optional<Path> policy = Optional.empty();

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      description =
          "This host's own key, made when there is none (default: key in nixtape's data: --data where there is such an option, else /var/lib/nixtape for root, else $$XDG_STATE_HOME/nixtape).")
  Optional<Path> key = Optional.empty();

  @Option(
      names = "--root",
      paramLabel = "DIR",
      defaultValue = "/",
      description =
          "The root of the Nix whose builds are meant, for one in a container or chroot (default: ${DEFAULT-VALUE}).")
  Path root = Path.of("/");

  /// Why this process cannot act on the builds of this machine's users; empty when it can.
  static Optional<String> obstacle() {
    String system = System.getProperty("os.name");
    String user = System.getProperty("user.name");
    if (!system.equals("Linux")) {
      return Optional.of(
          "builds are controlled through Linux's cgroups and /proc, not on " + system);
    }
    return user.equals("root")
        ? Optional.empty()
        : Optional.of("only root can act on other users' builds, and this is " + user);
  }

  private Optional<Path> file() {
    return policy.or(() -> Optional.of(PolicyFile.DEFAULT).filter(Files::exists));
  }

  /// Where the policy is from, in words.
  String source() {
    return file()
        .map(file -> "as " + file + " says")
        .orElse("root may do everything, as there is no " + PolicyFile.DEFAULT);
  }

  Path keyFile(Path data) {
    return key.orElseGet(() -> data.resolve("key"));
  }

  /// @param data what the key is in when nobody says where
  /// @throws IOException which says what is wrong with the policy
  Agent.Settings settings(String host, Path data, String servers, Map<String, String> client)
      throws IOException {
    if (!Files.isDirectory(root)) {
      throw new Failure(Failure.USAGE, "--root: there is no folder " + root);
    }
    SigningKey own = KeyFile.own(keyFile(data));
    Policy policy =
        file().isPresent() ? PolicyFile.read(file().get()) : Policy.ofRoot(Set.of(own.publicKey()));
    return new Agent.Settings(host, root.toAbsolutePath(), policy, servers, client);
  }
}
