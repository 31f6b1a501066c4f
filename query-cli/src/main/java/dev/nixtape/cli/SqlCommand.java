package dev.nixtape.cli;

import dev.nixtape.sql.CsvRows;
import dev.nixtape.sql.Days;
import dev.nixtape.sql.FactsDatabase;
import dev.nixtape.sql.Format;
import dev.nixtape.sql.JsonRows;
import dev.nixtape.sql.QueryException;
import dev.nixtape.sql.Rows;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "sql",
    description = {
      "Answer one SELECT over what has ended, in DuckDB's SQL: the view facts, and builds for the",
      "facts that are builds. What the server has is exported first, to a cache; with --data, an",
      "export of yours is asked and no server."
    },
    footer = {
      "",
      "Examples:",
      "  nixtape sql 'DESCRIBE facts'",
      "  nixtape sql 'SELECT outcome, count(*) FROM builds GROUP BY ALL'",
      "  nixtape sql -o csv --data facts \"SELECT * FROM builds WHERE day = '2026-01-31'\""
    })
final class SqlCommand implements Callable<Integer> {
  /// More is not read on a screen.
  private static final int TABLE_ROWS = 1000;

  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Ask this export (of Parquet), as it is.")
  Optional<Path> data = Optional.empty();

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = "Cancel a query that takes longer (default: 60).")
  int timeout = 60;

  @Parameters(paramLabel = "SELECT", description = "The query.")
  String sql = "";

  @Override
  public Integer call() throws IOException {
    if (timeout < 1) {
      throw new Failure(Failure.USAGE, "--timeout: at least 1 second, not " + timeout);
    }
    Days days =
        data.isPresent()
            ? export(data.get())
            : new FactsCache(asked.server, Places.cache()).refresh();
    CountDownLatch done = new CountDownLatch(1);
    try (FactsDatabase facts = FactsDatabase.over(days)) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> cancel(facts, done)));
      PrintWriter out = spec.commandLine().getOut();
      facts.query(
          sql,
          Duration.ofSeconds(timeout),
          switch (asked.form) {
            case TABLE -> new TableRows(out, spec.commandLine().getErr());
            case JSON -> JsonRows.array(out);
            case CSV -> new CsvRows(out);
          });
    } catch (QueryException e) {
      throw new Failure(
          switch (e.why()) {
            case WRONG -> Failure.USAGE;
            case FAILED -> Failure.FAILED;
          },
          String.valueOf(e.getMessage()));
    } finally {
      done.countDown();
    }
    return 0;
  }

  private static Days export(Path folder) throws IOException {
    Days days = ExportCommand.days(folder);
    if (days.files(Format.PARQUET).isEmpty()) {
      throw new Failure(
          Failure.USAGE,
          "%s holds no Parquet: write it with 'nixtape export %s'".formatted(folder, folder));
    }
    return days;
  }

  /// On Ctrl-C: DuckDB's threads must not run into a process that is being taken down.
  private static void cancel(FactsDatabase facts, CountDownLatch done) {
    facts.cancel();
    try {
      boolean _ = done.await(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// For the screen: aligned, and therefore kept until the last row is known.
  private static final class TableRows implements Rows {
    private final PrintWriter out;
    private final PrintWriter err;
    private final Table<List<@Nullable Object>> table = new Table<>();
    private final List<List<@Nullable Object>> rows = new ArrayList<>();
    private List<String> names = List.of();
    private long count;

    TableRows(PrintWriter out, PrintWriter err) {
      this.out = out;
      this.err = err;
    }

    @Override
    public void columns(List<String> names) {
      this.names = names;
    }

    @Override
    public void row(List<@Nullable Object> values) {
      if (count++ < TABLE_ROWS) {
        rows.add(values);
      }
    }

    @Override
    public void end() {
      for (int i = 0; i < names.size(); i++) {
        int column = i;
        if (rows.stream().allMatch(row -> row.get(column) instanceof Number)) {
          table.right(names.get(i), row -> text(row.get(column)), row -> text(row.get(column)));
        } else {
          table.left(names.get(i), row -> text(row.get(column)));
        }
      }
      if (rows.isEmpty()) {
        out.println("No rows.");
      } else {
        table.print(rows, out);
      }
      if (count > rows.size()) {
        out.flush();
        err.println(
            "nixtape: the first %,d of %,d rows; all of them: -o csv or -o json"
                .formatted(rows.size(), count));
      }
    }

    private static String text(@Nullable Object value) {
      try {
        return value == null ? "" : CsvRows.text(value);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
