package dev.nixtape.cli;

import dev.nixtape.projections.Bucket;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.During;
import dev.nixtape.projections.NameFilter;
import dev.nixtape.projections.Rfc3339;
import dev.nixtape.projections.Stats;
import dev.nixtape.projections.Stats.Row;
import dev.nixtape.projections.Stats.Test;
import dev.nixtape.projections.StatsQuery;
import dev.nixtape.projections.StatsQuery.Sort;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "stats",
    description = "How much was done and how long it took, over all times or a period.",
    footer = {
      "",
      "Times (MEAN, P50, P95, MAX) are of what succeeded; TIME is the sum of all.",
      "",
      "Examples:",
      "  nixtape stats -d 30                            the last 30 days, by kind",
      "  nixtape stats --group --sort p95 -n 20         the twenty slowest packages",
      "  nixtape stats --drv firefox --bucket week      one package, week by week",
      "  nixtape stats -m 3 --drv firefox -o test       is it slower than the three months before?"
    })
final class StatsCommand implements Callable<Integer> {
  enum Form {
    TABLE,
    JSON,
    CSV,
    TEST
  }

  @Mixin Server server = new Server();
  @Mixin Period period = new Period();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      defaultValue = "TABLE",
      description =
          "table, json, csv, or test: a Mann-Whitney U test of each row against the period before (default: table).")
  Form form = Form.TABLE;

  @Option(
      names = "--drv",
      paramLabel = "TEXT",
      description = "Only derivations with that in their names.")
  Optional<String> drv = Optional.empty();

  @Option(names = "--regex", description = "TEXT is a regular expression.")
  boolean regex;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description = "Only build, substitute, copy, download, …")
  Optional<Kind> kind = Optional.empty();

  @Option(names = "--group", description = "A row for each package (a name without version).")
  boolean group;

  @Option(
      names = "--bucket",
      paramLabel = "LENGTH",
      description = "A row for each hour, day, week or month.")
  Optional<Bucket> bucket = Optional.empty();

  @Option(
      names = "--sort",
      paramLabel = "BY",
      defaultValue = "TOTAL",
      description = "Packages by total, count, mean, p95, max, name or last (default: total).")
  Sort sort = Sort.TOTAL;

  @Option(
      names = {"-n", "--limit"},
      paramLabel = "N",
      description = "That many rows at most.")
  Optional<Long> limit = Optional.empty();

  @Override
  public Integer call() throws IOException {
    Instant now = Instant.now();
    PrintWriter out = spec.commandLine().getOut();
    StatsQuery query = query(now);
    String path = "/v1/stats?" + query.toParameters();
    if (form == Form.JSON) {
      server.copy(path, out);
      return 0;
    }
    Stats stats = server.one(path, Stats.class);
    boolean ofRows = group || bucket.isPresent() || form == Form.TEST;
    List<Row> rows =
        ofRows
            ? stats.rows()
            : stats.kinds().stream().map(t -> new Row(null, null, null, t, null)).toList();
    Table<Row> table = table();
    if (form == Form.CSV) {
      table.csv(rows, out);
    } else if (rows.isEmpty()) {
      out.println(
          query.during().since().isPresent() || drv.isPresent()
              ? "Nothing of that finished in that time."
              : "Nothing finished yet.");
    } else {
      table.print(rows, out);
    }
    return 0;
  }

  private StatsQuery query(Instant now) {
    During asked = period.during(now);
    try {
      return new StatsQuery(
          form == Form.TEST
              ? new During(asked.since(), asked.until().or(() -> Optional.of(now)), asked.zone())
              : asked,
          bucket,
          drv.map(text -> new NameFilter(text, regex)),
          kind,
          group,
          form == Form.TEST,
          sort,
          limit.orElse(Long.MAX_VALUE));
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, "--" + e.getMessage());
    }
  }

  private Table<Row> table() {
    Table<Row> table = new Table<Row>().withoutEmpty();
    if (bucket.isPresent()) {
      table.left("FROM", row -> row.from() == null ? "" : local(row.from()));
    }
    if (group) {
      table.flexible(
          "NAME",
          row -> row.name() == null ? "" : row.name(),
          _ -> Screen.Style.BOLD,
          row -> row.name() == null ? "" : row.name());
    }
    table.left("KIND", row -> row.totals().kind().json());
    return form == Form.TEST ? tests(table) : totals(table);
  }

  private Table<Row> totals(Table<Row> table) {
    table
        .number("COUNT", row -> row.totals().count())
        .number("SUCCEEDED", row -> row.totals().succeeded())
        .number("FAILED", row -> row.totals().failed())
        .number("INTERRUPTED", row -> row.totals().interrupted())
        .number("CACHED", row -> row.totals().cached())
        .number("UNKNOWN", row -> row.totals().unknown());
    table.time("TIME", row -> row.totals().durationMs());
    table.time("MEAN", row -> row.totals().meanMs());
    table.time("P50", row -> row.totals().p50Ms());
    table.time("P95", row -> row.totals().p95Ms());
    table.time("MAX", row -> row.totals().maxMs());
    table
        .bytes("MOVED", row -> row.totals().bytes())
        .rate("RATE", row -> row.totals().bytesPerSecond())
        .number("LOG", row -> row.totals().logLines());
    if (group) {
      table.right(
          "LAST", row -> local(row.totals().lastAt()), row -> Rfc3339.write(row.totals().lastAt()));
    }
    return table;
  }

  private static Table<Row> tests(Table<Row> table) {
    test(table, "BEFORE", t -> Long.toString(t.samplesBefore()));
    test(table, "SAMPLES", t -> Long.toString(t.samples()));
    test(table, "SHIFT", t -> shift(t.shiftMs()));
    test(
        table,
        "95%",
        t -> t.shiftMs() == null ? "" : shift(t.shiftFromMs()) + " … " + shift(t.shiftToMs()));
    test(
        table, "P", t -> t.p() == null ? "n too small" : String.format(Locale.ROOT, "%.3g", t.p()));
    return table;
  }

  private static void test(Table<Row> table, String heading, Function<Test, String> text) {
    Function<Row, String> cell = row -> row.test() == null ? "" : text.apply(row.test());
    table.right(heading, cell, cell);
  }

  private static String shift(@Nullable Double ms) {
    return ms == null ? "" : Screen.shift(Math.round(ms));
  }

  private String local(Instant at) {
    ZoneId zone = period.zone();
    return DateTimeFormatter.ofPattern(
            bucket.filter(Bucket.HOUR::equals).isPresent() ? "yyyy-MM-dd HH:mm" : "yyyy-MM-dd",
            Locale.ROOT)
        .format(at.atZone(zone));
  }
}
