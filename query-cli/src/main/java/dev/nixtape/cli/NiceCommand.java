package dev.nixtape.cli;

import dev.nixtape.projections.control.Action;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "nice",
    description = "Gives a build more or less of the processor than others.",
    footer = {
      "",
      "Examples:",
      "  nixtape nice 7k3x9q2m 20             a fifth of what others get, when all want it",
      "  nixtape nice 7k3x9q2m 100            as everybody",
      "  nixtape nice --drv chromium --nice 19",
      "",
      Orders.EXITS
    })
final class NiceCommand implements Callable<Integer> {
  @Mixin Orders orders = new Orders();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..*",
      paramLabel = "ID|WEIGHT",
      description =
          "Builds, by their ids or the beginnings of them; last the weight, 1 to 10000, unless --nice says it.")
  List<String> words = List.of();

  @Option(
      names = "--nice",
      paramLabel = "N",
      description = "The weight of a process with this niceness, -20 to 19.")
  Optional<Integer> nice = Optional.empty();

  @Override
  public Integer call() throws IOException {
    Action.Nice action = action();
    return orders.execute(
        action, nice.isPresent() ? words : words.subList(0, words.size() - 1), spec);
  }

  private Action.Nice action() {
    try {
      if (nice.isPresent()) {
        return Action.Nice.ofNice(nice.get());
      }
      if (!words.isEmpty()) {
        return new Action.Nice(Integer.parseInt(words.getLast()));
      }
    } catch (NumberFormatException e) {
      // Said below, with the form that is wanted.
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, String.valueOf(e.getMessage()));
    }
    throw new Failure(
        Failure.USAGE, "which weight? A number from 1 to 10000 comes last, or --nice says it");
  }
}
