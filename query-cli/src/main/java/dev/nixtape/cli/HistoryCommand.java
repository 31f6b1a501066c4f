package dev.nixtape.cli;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.BuildQuery;
import dev.nixtape.projections.NameHistory;
import dev.nixtape.projections.NotKnown;
import dev.nixtape.projections.Rfc3339;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "history",
    description = "Every derivation name that was built; with NAME all its builds, newest first.",
    footer = {"", "Example:", "  nixtape history hello-2.12.1"})
final class HistoryCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      description = "A derivation's name, with or without version.")
  Optional<String> name = Optional.empty();

  @Option(
      names = {"-n", "--limit"},
      paramLabel = "N",
      description = "That many builds at most.")
  Optional<Long> limit = Optional.empty();

  @Override
  public Integer call() throws IOException {
    Instant now = Instant.now();
    PrintWriter out = spec.commandLine().getOut();
    if (name.isPresent()) {
      builds(name.get(), now, out);
      return 0;
    }
    Table<NameHistory> table =
        new Table<NameHistory>()
            .left("NAME", NameHistory::name)
            .number("BUILDS", NameHistory::count)
            .number("FAILED", NameHistory::failed)
            .right(
                "MEAN",
                h -> h.succeeded() == 0 ? "" : Screen.duration(Duration.ofMillis(h.meanMs())),
                h -> Long.toString(h.meanMs()))
            .time("CPU", NameHistory::meanCpuMs)
            .optional()
            .time("LAST", NameHistory::lastMs)
            .left("OUTCOME", h -> h.lastOutcome() == null ? "" : h.lastOutcome().json())
            .right("ENDED", h -> BuildRows.time(h.lastAt(), now), h -> Rfc3339.write(h.lastAt()));
    asked.print("/v1/history", NameHistory.class, table, "Nothing was built yet.", out);
    return 0;
  }

  private void builds(String name, Instant now, PrintWriter out) throws IOException {
    BuildQuery all = BuildQuery.of(BuildQuery.Show.ALL);
    BuildQuery query =
        new BuildQuery(
            all.show(),
            Optional.empty(),
            Optional.empty(),
            Optional.of(name),
            Optional.of(Build.Kind.BUILD),
            Optional.empty(),
            limit.orElse(all.limit()));
    String path = "/v1/builds?" + query.toParameters();
    List<Build> found;
    try (InputStream answer = asked.server.get(path)) {
      found = BuildJson.readAll(answer);
    }
    if (found.isEmpty()) {
      throw new Failure(Failure.NOTHING_FOUND, notKnown(name));
    }
    switch (asked.form) {
      case JSON -> out.println(Asked.json(Objects.requireNonNull(found)));
      case CSV -> BuildRows.table(now).csv(found, out);
      case TABLE -> BuildRows.table(now).print(found, out);
    }
  }

  private String notKnown(String name) throws IOException {
    try (InputStream answer = asked.server.get("/v1/history")) {
      List<String> names =
          Server.list(answer, NameHistory.class).stream().map(NameHistory::name).toList();
      return new NotKnown(name, names).getMessage() + "; 'nixtape history' lists the names";
    }
  }
}
