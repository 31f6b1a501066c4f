package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.derivations.CriticalPath;
import dev.nixtape.projections.derivations.CriticalPath.Link;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.function.ToLongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "critical-path",
    description = "Which builds, each waiting for the one before, made a run take so long.",
    footer = {
      "",
      "WAITED is how long a build had all that it needs and did not begin: slots, locks.",
      "SAVES is what the longest chain would be shorter if that build had been in a cache.",
      "",
      "Example:",
      "  nixtape critical-path builder-7/0sph4ig9l"
    })
final class CriticalPathCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "SESSION|ID",
      description = "A session, or the id of a build: the run that it was part of.")
  String what = "";

  @Override
  public Integer call() throws IOException {
    String path = "/v1/critical-path/" + Server.segment(what);
    PrintWriter out = spec.commandLine().getOut();
    if (asked.form == Asked.Form.JSON) {
      asked.server.copy(path, out);
      return 0;
    }
    CriticalPath run = asked.server.one(path, CriticalPath.class);
    Table<Link> table = table(Instant.now());
    if (asked.form == Asked.Form.CSV) {
      table.csv(run.links(), out);
      return 0;
    }
    table.print(run.links(), out);
    out.println();
    out.println(
        "%,d builds and substitutions in %s; with a slot for each at once %s, %s less"
            .formatted(
                run.steps(),
                duration(run.realMs()),
                duration(run.unlimitedMs()),
                duration(Math.max(0, run.realMs() - run.unlimitedMs()))));
    return 0;
  }

  private static Table<Link> table(Instant now) {
    Table<Link> table =
        new Table<Link>()
            .left("BEGAN", link -> BuildRows.time(link.startedAt(), now), _ -> Style.PLAIN);
    millis(table, "WAITED", Link::gapMs);
    millis(table, "TIME", Link::durationMs);
    return millis(table, "SAVES", Link::savedMs)
        .left("STATE", CriticalPathCommand::state, CriticalPathCommand::colour)
        .flexible("NAME", Link::name, _ -> Style.PLAIN, Link::name)
        .left("HOST", Link::host)
        .left("ID", link -> link.id().substring(0, BuildRows.SHORT_ID), _ -> Style.DIM);
  }

  private static Table<Link> millis(
      Table<Link> table, String heading, ToLongFunction<Link> millis) {
    return table.right(
        heading,
        link -> millis.applyAsLong(link) == 0 ? "" : duration(millis.applyAsLong(link)),
        link -> Long.toString(millis.applyAsLong(link)));
  }

  private static String duration(long ms) {
    return Screen.duration(Duration.ofMillis(ms));
  }

  private static String state(Link link) {
    boolean build = link.kind() == Kind.BUILD;
    if (link.outcome() == null) {
      return build ? "building" : "substituting";
    }
    return switch (link.outcome()) {
      case SUCCEEDED -> build ? "built" : "substituted";
      case FAILED, INTERRUPTED, CACHED -> link.outcome().json();
      case UNKNOWN -> "ended";
    };
  }

  private static Style colour(Link link) {
    if (link.outcome() == null) {
      return Style.BLUE;
    }
    return switch (link.outcome()) {
      case SUCCEEDED, CACHED -> Style.GREEN;
      case FAILED -> Style.RED;
      case INTERRUPTED -> Style.YELLOW;
      case UNKNOWN -> Style.DIM;
    };
  }
}
