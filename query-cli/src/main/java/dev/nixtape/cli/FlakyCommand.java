package dev.nixtape.cli;

import dev.nixtape.projections.FlakyBuild;
import dev.nixtape.projections.FlakyBuild.Attempt;
import dev.nixtape.projections.Rfc3339;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "flaky",
    description = {
      "Derivations that failed and later succeeded, unchanged, or came out differently when built again.",
      "Of the last 30 days, unless a period is given."
    },
    footer = {"", "Example:", "  nixtape flaky -m 3"})
final class FlakyCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Mixin Period period = new Period();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    Instant now = Instant.now();
    PrintWriter out = spec.commandLine().getOut();
    asked.print(
        "/v1/flaky?" + period.lately(now).toParameters(),
        FlakyBuild.class,
        table(now),
        "Nothing failed and then succeeded as it was, in that time.",
        out);
    return 0;
  }

  private static Table<FlakyBuild> table(Instant now) {
    Table<FlakyBuild> table =
        new Table<FlakyBuild>()
            .left("NAME", FlakyBuild::name, _ -> Screen.Style.BOLD)
            .number("FAILED", FlakyBuild::failed)
            .number("OF", FlakyBuild::attempts)
            .time("LOST", FlakyBuild::lostMs)
            .left("FAILED ON", flaky -> String.join(" ", flaky.failedOn()))
            .left("SUCCEEDED ON", flaky -> String.join(" ", flaky.succeededOn()));
    attempt(table, "FAILURE", FlakyBuild::failure, now);
    attempt(table, "SUCCESS", FlakyBuild::success, now);
    return table.flexible("WHY", FlakyCommand::why, _ -> Screen.Style.DIM, FlakyCommand::why);
  }

  private static void attempt(
      Table<FlakyBuild> table,
      String heading,
      Function<FlakyBuild, @Nullable Attempt> which,
      Instant now) {
    table.right(
        heading,
        flaky -> {
          Attempt attempt = which.apply(flaky);
          return attempt == null
              ? ""
              : BuildRows.shortId(attempt.id()) + " " + BuildRows.time(attempt.at(), now);
        },
        flaky -> {
          Attempt attempt = which.apply(flaky);
          return attempt == null ? "" : attempt.id() + " " + Rfc3339.write(attempt.at());
        });
  }

  private static String why(FlakyBuild flaky) {
    return flaky.failure().reason() == null ? "" : flaky.failure().reason();
  }
}
