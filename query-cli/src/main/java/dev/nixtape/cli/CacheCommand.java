package dev.nixtape.cli;

import dev.nixtape.projections.Caches;
import dev.nixtape.projections.Caches.Rebuild;
import dev.nixtape.projections.Caches.Rebuilds;
import dev.nixtape.projections.Caches.Substituter;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "cache",
    description = {
      "What substituters were asked for, gave and had not, and what was built that one had.",
      "Of the last 30 days, unless a period is given; of whole days in UTC."
    },
    footer = {
      "",
      "ASKED: questions that Nix really put. FOUND, MISSED: that path was then fetched from there, or built, on the host that asked.",
      "HITS: substitutions that succeeded; they need no question when Nix remembers the answer."
    })
final class CacheCommand implements Callable<Integer> {
  private static final int SHOWN = 10;

  @Mixin Asked asked = new Asked();
  @Mixin Period period = new Period();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    Instant now = Instant.now();
    PrintWriter out = spec.commandLine().getOut();
    String path = "/v1/cache?" + period.lately(now).toParameters();
    if (asked.form == Asked.Form.JSON) {
      asked.server.copy(path, out);
      return 0;
    }
    Caches caches = asked.server.one(path, Caches.class);
    Table<Substituter> table = substituters();
    if (asked.form == Asked.Form.CSV) {
      table.csv(caches.substituters(), out);
      return 0;
    }
    if (caches.substituters().isEmpty()) {
      out.println("No substituter was asked in that time.");
    } else {
      table.print(caches.substituters(), out);
    }
    rebuilds(caches.rebuilds(), now, out);
    return 0;
  }

  private static Table<Substituter> substituters() {
    return new Table<Substituter>()
        .left("SUBSTITUTER", Substituter::uri, _ -> Screen.Style.BOLD)
        .number("ASKED", Substituter::queries)
        .number("FOUND", Substituter::found)
        .number("MISSED", Substituter::missed)
        .number("UNKNOWN", Substituter::unknown)
        .number("HITS", Substituter::hits)
        .number("FAILED", Substituter::failed)
        .bytes("DOWNLOADED", Substituter::downloaded)
        .bytes("COPIED", Substituter::copied)
        .rate("RATE", Substituter::bytesPerSecond);
  }

  private static void rebuilds(Rebuilds rebuilds, Instant now, PrintWriter out) {
    if (rebuilds.count() > 0) {
      out.println();
      out.println(
          "Built although a substituter had given the same path before: %d of %d builds, %s"
              .formatted(
                  rebuilds.count(),
                  rebuilds.looked(),
                  Screen.duration(Duration.ofMillis(rebuilds.ms()))));
      new Table<Rebuild>()
          .left("ID", rebuild -> BuildRows.shortId(rebuild.id()), _ -> Screen.Style.DIM)
          .left("NAME", Rebuild::name, _ -> Screen.Style.BOLD)
          .left("HOST", Rebuild::host)
          .time("TIME", Rebuild::durationMs)
          .left("HAD IT", Rebuild::from)
          .left("GAVE IT TO", Rebuild::substitutedOn)
          .left("AT", rebuild -> BuildRows.time(rebuild.substitutedAt(), now))
          .print(rebuilds.latest().stream().limit(SHOWN).toList(), out);
    }
    if (rebuilds.pathUnknown() > 0) {
      out.println(
          "Of %d of %d builds nobody knows the store path."
              .formatted(rebuilds.pathUnknown(), rebuilds.looked()));
    }
  }
}
