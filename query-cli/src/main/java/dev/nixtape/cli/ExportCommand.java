package dev.nixtape.cli;

import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.BuildQuery;
import dev.nixtape.projections.BuildQuery.Show;
import dev.nixtape.sql.Days;
import dev.nixtape.sql.Export;
import dev.nixtape.sql.Format;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "export",
    description = "Write what has ended into files, one a day: DIR/day=2026-01-31/facts.parquet.",
    footer = {
      "",
      "A day is of UTC and written whole; one that was exported before is replaced, others stay.",
      "",
      "Examples:",
      "  nixtape export facts                                   everything, as Parquet",
      "  nixtape export --since 1d facts                        yesterday and today anew",
      "  nixtape export --format csv --until 2026-01-31 old     up to that day"
    })
final class ExportCommand implements Callable<Integer> {
  @Mixin Server server = new Server();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "PARQUET",
      description = "parquet, csv or ndjson (default: parquet).")
  Format format = Format.PARQUET;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "From that day on: 7d (ago), 2026-01-31, …")
  Optional<String> since = Optional.empty();

  @Option(
      names = "--until",
      paramLabel = "TIME",
      description = "Up to that day, which is included.")
  Optional<String> until = Optional.empty();

  @Parameters(paramLabel = "DIR", description = "An empty or new folder, or one of exports before.")
  Path folder = Path.of("");

  @Override
  public Integer call() throws IOException {
    LocalDate from = since.map(ExportCommand::day).orElse(LocalDate.EPOCH);
    LocalDate to = until.map(ExportCommand::day).orElse(LocalDate.MAX);
    List<Export.Day> written =
        write(server, days(folder), format, from, day -> !day.isBefore(from) && !day.isAfter(to));
    PrintWriter out = spec.commandLine().getOut();
    if (written.isEmpty()) {
      out.println("Nothing has ended yet that fits.");
      return 0;
    }
    new Table<Export.Day>()
        .left("DAY", day -> day.day().toString())
        .number("FACTS", Export.Day::facts)
        .right("SIZE", day -> Screen.bytes(size(day)), day -> Long.toString(size(day)))
        .print(written, out);
    return 0;
  }

  private static LocalDate day(String text) {
    return Asked.time(text, Instant.now(), ZoneOffset.UTC).atZone(ZoneOffset.UTC).toLocalDate();
  }

  private static long size(Export.Day day) {
    try {
      return Files.size(day.file());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  static Days days(Path folder) {
    try {
      return new Days(folder);
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, String.valueOf(e.getMessage()));
    }
  }

  /// Writes the days that are wanted, as the server tells them.
  ///
  /// @param from none before it is
  static List<Export.Day> write(
      Server server, Days days, Format format, LocalDate from, Predicate<LocalDate> wanted)
      throws IOException {
    BuildQuery all = BuildQuery.of(Show.ALL);
    BuildQuery query =
        new BuildQuery(
            all.show(),
            all.host(),
            all.user(),
            all.name(),
            all.kind(),
            Optional.of(from.atStartOfDay(ZoneOffset.UTC).toInstant()),
            all.limit());
    try (InputStream answer = server.get("/v1/builds?" + query.toParameters());
        Export export = new Export(days, format, wanted)) {
      BuildJson.readEach(answer, export);
      return export.finish();
    }
  }
}
