package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Rfc3339;
import dev.nixtape.projections.control.CommandQuery;
import dev.nixtape.projections.control.CommandView;
import dev.nixtape.projections.control.Result;
import dev.nixtape.projections.nix.StorePath;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "audit",
    description = {
      "Who did what to which build, when, why, and what became of it.",
      "Of the last 30 days, unless a period is given."
    },
    footer = {
      "",
      "Examples:",
      "  nixtape audit --since 2h",
      "  nixtape audit --build 7k3x9q2m",
      "  nixtape audit -m 12 -o csv     a year of it, for a spreadsheet"
    })
final class AuditCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Mixin Period period = new Period();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(names = "--host", paramLabel = "HOST", description = "Only to builds on this host.")
  Optional<String> host = Optional.empty();

  @Option(
      names = "--build",
      paramLabel = "ID",
      description = "Only to this build: its id, or the beginning of it.")
  Optional<String> build = Optional.empty();

  @Override
  public Integer call() throws IOException {
    Instant now = Instant.now();
    asked.print(
        "/v1/commands?" + new CommandQuery(period.lately(now), host, build).toParameters(),
        CommandView.class,
        table(now),
        "Nobody did anything to a build, in that time.",
        spec.commandLine().getOut());
    return 0;
  }

  private static Table<CommandView> table(Instant now) {
    return new Table<CommandView>()
        .withoutEmpty()
        .right(
            "TIME",
            view -> BuildRows.time(view.recordedAt(), now),
            view -> Rfc3339.write(view.recordedAt()))
        .left("BY", CommandRows::issuer, view -> view.signed() ? Style.PLAIN : Style.RED)
        .left("DID", view -> CommandRows.words(view.command().action()), _ -> Style.BOLD)
        .left("BUILD", view -> BuildRows.shortId(view.command().target().build()), _ -> Style.DIM)
        .left("NAME", view -> StorePath.name(view.command().target().drvPath()))
        .left("HOST", view -> view.command().host())
        .left("RESULT", view -> state(view, now), view -> CommandRows.colour(view.result()))
        .left("REASON", view -> view.command().reason())
        .flexible("DETAIL", AuditCommand::detail, _ -> Style.DIM, AuditCommand::detail)
        .number("AGAIN", CommandView::attempted);
  }

  private static String state(CommandView view, Instant now) {
    return view.result() == null && now.isBefore(view.command().deadline())
        ? "waits"
        : CommandRows.state(view.result());
  }

  private static String detail(CommandView view) {
    Result result = view.result();
    if (!view.addressed()) {
      return "put on record for " + view.recordedFor() + ", where it was not for";
    }
    return result == null ? "" : CommandRows.detail(result);
  }
}
