package dev.nixtape.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "key",
    description = "The key that your commands to builds are signed with.",
    subcommands = {KeyCommand.Generate.class, KeyCommand.Show.class},
    footer = {
      "",
      "Examples:",
      "  nixtape key generate    once; the host's administrator puts what it prints into the policy",
      "  nixtape key show        prints it again"
    })
final class KeyCommand implements Runnable {
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "generate a key, or show it?");
  }

  /// Where the key is.
  static final class Place {
    @Parameters(
        arity = "0..1",
        paramLabel = "FILE",
        description =
            "Where it is (default: key in $$XDG_CONFIG_HOME/nixtape or ~/.config/nixtape).")
    Optional<Path> file = Optional.empty();

    Path file() {
      return file.orElseGet(() -> Places.config().resolve("key"));
    }
  }

  @Command(name = "generate", description = "Make a key, and print its public half.")
  static final class Generate implements Callable<Integer> {
    @Spec CommandSpec spec = CommandSpec.create();
    @Mixin Place place = new Place();

    @Override
    public Integer call() {
      spec.commandLine().getOut().println(KeyFile.make(place.file()).publicKey());
      SocketOptions.say(
          "made %s; now have that line put under keys in the policies of the hosts (docs/control.md)"
              .formatted(place.file()));
      return 0;
    }
  }

  @Command(name = "show", description = "Print the public half of the key.")
  static final class Show implements Callable<Integer> {
    @Spec CommandSpec spec = CommandSpec.create();
    @Mixin Place place = new Place();

    @Override
    public Integer call() {
      spec.commandLine().getOut().println(KeyFile.read(place.file()).publicKey());
      return 0;
    }
  }
}
