package dev.nixtape.cli;

import dev.nixtape.projections.control.Action;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "signal",
    description = "Sends a signal to every process of a build.",
    footer = {
      "",
      "Examples:",
      "  nixtape signal 7k3x9q2m QUIT          a JVM in it prints its threads into the log",
      "  nixtape signal --drv openssl TERM",
      "",
      Orders.EXITS
    })
final class SignalCommand implements Callable<Integer> {
  @Mixin Orders orders = new Orders();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "1..*",
      paramLabel = "ID|SIGNAL",
      description = "Builds, by their ids or the beginnings of them; last the signal: TERM, …")
  List<String> words = List.of();

  @Override
  public Integer call() throws IOException {
    String name = words.getLast().toUpperCase(Locale.ROOT).replaceFirst("^SIG", "");
    if (!name.matches("[A-Z][A-Z0-9]{1,8}")) {
      throw new Failure(
          Failure.USAGE, "which signal? A name like TERM comes last, not '%s'".formatted(name));
    }
    return orders.execute(new Action.Signal(name), words.subList(0, words.size() - 1), spec);
  }
}
