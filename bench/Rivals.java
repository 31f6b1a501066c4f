import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.history.Decade;
import dev.nixtape.projections.history.Sample;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The questions of a `Decade`, asked of SQLite and of DuckDB in this process.
///
/// SQLite holds a row for each fact and a table of days kept in step, with a row for each name of a day and indexes by name. DuckDB reads
/// Parquet files, one a year, with a row for every build; no copy of its own.
///
/// Arguments: `sqlite|duckdb DIRECTORY BUILDS FACTS ROUNDS`. A line a question: its name, and the 50th and 99th percentile in ms; the last
/// line is `bytes` on the disk.
final class Rivals {
  private static final long LONG_NANOS = 5_000_000_000L;

  private static final LocalDate LAST = LocalDate.parse("2026-10-31");

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[1]);
    Files.createDirectories(directory);
    Decade decade = new Decade(Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
    boolean sqlite = arguments[0].equals("sqlite");
    int rounds = Integer.parseInt(arguments[4]);
    try (Connection database = DriverManager.getConnection(sqlite ? "jdbc:sqlite:" + directory.resolve("stats.db") : "jdbc:duckdb:")) {
      Map<String, String> questions = sqlite ? sqlite(database, decade) : duckdb(database, directory, decade);
      questions.forEach((name, sql) -> time(database, name, sql, rounds));
    }
    try (Stream<Path> files = Files.walk(directory)) {
      System.out.println("bytes " + files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum());
    }
  }

  private static void time(Connection database, String name, String sql, int rounds) {
    double[] ms = new double[rounds];
    int done = 0;
    // Half of the time goes before anything counts; what takes seconds is asked a few times.
    long begin = System.nanoTime();
    try (PreparedStatement question = database.prepareStatement(sql)) {
      while (done < rounds && (done < 3 || System.nanoTime() - begin < 2 * LONG_NANOS)) {
        long began = System.nanoTime();
        try (ResultSet rows = question.executeQuery()) {
          int columns = rows.getMetaData().getColumnCount();
          while (rows.next()) {
            for (int column = 1; column <= columns; column++) {
              rows.getObject(column);
            }
          }
        }
        if (System.nanoTime() - begin > LONG_NANOS) {
          ms[done++] = (System.nanoTime() - began) / 1e6;
        }
      }
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(sql, e);
    }
    Arrays.sort(ms, 0, done);
    System.out.printf("%s %.3f %.3f%n", name, ms[done / 2], ms[(int) (done * 0.99)]);
  }

  private static Map<String, String> sqlite(Connection database, Decade decade) throws Exception {
    try (Statement make = database.createStatement()) {
      make.execute("PRAGMA journal_mode=OFF");
      make.execute("PRAGMA synchronous=OFF");
      make.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, name TEXT, host TEXT, user TEXT, outcome TEXT, finished INTEGER, ms INTEGER)");
      make.execute(
          "CREATE TABLE days (day TEXT, name TEXT, count INTEGER, succeeded INTEGER, failed INTEGER, ms INTEGER, most INTEGER,"
              + " PRIMARY KEY (day, name)) WITHOUT ROWID");
    }
    database.setAutoCommit(false);
    try (PreparedStatement event = database.prepareStatement("INSERT INTO events VALUES (?,?,?,?,?,?,?)");
        PreparedStatement day = database.prepareStatement("INSERT INTO days VALUES (?,?,?,?,?,?,?)")) {
      Map<String, long[]> names = new TreeMap<>();
      long[] today = {-1};
      decade.forEach(one -> {
        Sample s = one.sample();
        try {
          long its = s.at() / 86_400_000L;
          if (its != today[0]) {
            flush(day, today[0], names);
            today[0] = its;
          }
          long[] sum = names.computeIfAbsent(s.name(), _ -> new long[5]);
          sum[0]++;
          sum[s.outcome() == Outcome.SUCCEEDED ? 1 : 2]++;
          sum[3] += s.durationMs();
          sum[4] = Math.max(sum[4], s.durationMs());
          if (one.fact()) {
            event.setLong(1, one.index());
            event.setString(2, s.name());
            event.setString(3, s.host());
            event.setString(4, s.user());
            event.setString(5, s.outcome().json());
            event.setLong(6, s.at());
            event.setLong(7, s.durationMs());
            event.executeUpdate();
          }
        } catch (java.sql.SQLException e) {
          throw new IllegalStateException(e);
        }
      });
      flush(day, today[0], names);
    }
    database.commit();
    database.setAutoCommit(true);
    try (Statement make = database.createStatement()) {
      make.execute("CREATE INDEX events_name ON events (name, finished)");
      make.execute("CREATE INDEX events_finished ON events (finished)");
      make.execute("CREATE INDEX days_name ON days (name, day)");
      make.execute("ANALYZE");
    }
    String totals = "SELECT sum(count), sum(succeeded), sum(failed), sum(ms), sum(ms) * 1.0 / sum(count), max(most) FROM days WHERE ";
    return questions(
        totals + "1",
        totals + "day > '" + LAST.minusDays(30) + "'",
        totals + "name LIKE '%package0012%'",
        totals + "name LIKE '%package0012%' AND day > '" + LAST.minusDays(30) + "'",
        "SELECT * FROM events WHERE name = '" + Decade.name(123) + "' ORDER BY finished DESC LIMIT 20",
        "SELECT * FROM events WHERE name = '" + Decade.name(123) + "' AND finished >= " + daysAgo(90) + " ORDER BY finished",
        tests("SELECT name, host, ms, finished >= %d AS later FROM events WHERE finished >= %d AND outcome = 'succeeded'", "avg")
            .formatted(daysAgo(30), daysAgo(60)));
  }

  private static void flush(PreparedStatement day, long number, Map<String, long[]> names) throws java.sql.SQLException {
    for (Map.Entry<String, long[]> name : names.entrySet()) {
      day.setString(1, LocalDate.ofEpochDay(number).toString());
      day.setString(2, name.getKey());
      for (int i = 0; i < 5; i++) {
        day.setLong(3 + i, name.getValue()[i]);
      }
      day.executeUpdate();
    }
    names.clear();
  }

  private static long daysAgo(int days) {
    return Decade.END.minusSeconds(86_400L * days).toEpochMilli();
  }

  private static Map<String, String> duckdb(Connection database, Path directory, Decade decade) throws Exception {
    try (Statement make = database.createStatement()) {
      make.execute("SET memory_limit='2GB'");
      make.execute("SET temp_directory='" + directory.resolve("spill") + "'");
      String columns = "(name VARCHAR, host VARCHAR, user_name VARCHAR, outcome VARCHAR, finished TIMESTAMP, ms BIGINT)";
      make.execute("CREATE TABLE year " + columns);
      var duck = database.unwrap(org.duckdb.DuckDBConnection.class);
      int[] year = {0};
      org.duckdb.DuckDBAppender[] rows = {duck.createAppender("main", "year")};
      decade.forEach(one -> {
        try {
          Sample s = one.sample();
          var at = Instant.ofEpochMilli(s.at()).atZone(java.time.ZoneOffset.UTC).toLocalDateTime();
          if (at.getYear() != year[0]) {
            rows[0].close();
            write(make, directory, year[0]);
            rows[0] = duck.createAppender("main", "year");
            year[0] = at.getYear();
          }
          rows[0].beginRow();
          rows[0].append(s.name());
          rows[0].append(s.host());
          rows[0].append(s.user());
          rows[0].append(s.outcome().json());
          rows[0].append(at);
          rows[0].append(s.durationMs());
          rows[0].endRow();
        } catch (java.sql.SQLException e) {
          throw new IllegalStateException(e);
        }
      });
      rows[0].close();
      write(make, directory, year[0]);
      make.execute("CREATE VIEW builds AS SELECT * FROM read_parquet('" + directory + "/*.parquet')");
    }
    String totals =
        "SELECT count(*), count(*) FILTER (outcome = 'succeeded'), count(*) FILTER (outcome = 'failed'), sum(ms), avg(ms), max(ms),"
            + " approx_quantile(ms, 0.95) FROM builds WHERE ";
    String since = "finished >= TIMESTAMP '" + LAST.minusDays(29) + "'";
    return questions(
        totals + "true",
        totals + since,
        totals + "name LIKE '%package0012%'",
        totals + "name LIKE '%package0012%' AND " + since,
        "SELECT * FROM builds WHERE name = '" + Decade.name(123) + "' ORDER BY finished DESC LIMIT 20",
        "SELECT * FROM builds WHERE name = '" + Decade.name(123) + "' AND finished >= epoch_ms(" + daysAgo(90) + ") ORDER BY finished",
        tests(
                "SELECT name, host, ms, finished >= epoch_ms(%d) AS later FROM builds WHERE finished >= epoch_ms(%d) AND outcome = 'succeeded'",
                "median")
            .formatted(daysAgo(30), daysAgo(60)));
  }

  /// Mann and Whitney's test of each name, and of each name on each host: ranks, with ties in the middle of theirs, and the statistic in
  /// standard deviations. Without the p-values' correction for ties and the interval of the shift, which no SQL has.
  private static String tests(String samples, String middle) {
    return """
        WITH samples AS (%s),
        whole_and_parts AS (SELECT name, '' AS host, ms, later FROM samples UNION ALL SELECT * FROM samples),
        ranked AS (
          SELECT *, rank() OVER (PARTITION BY name, host ORDER BY ms) + (count(*) OVER (PARTITION BY name, host, ms) - 1) / 2.0 AS position
          FROM whole_and_parts),
        tested AS (
          SELECT name, host, count(*) FILTER (WHERE later) AS n, count(*) FILTER (WHERE NOT later) AS m, sum(position) FILTER (WHERE later) AS ranks,
            %s(ms) FILTER (WHERE later) - %s(ms) FILTER (WHERE NOT later) AS shift
          FROM ranked GROUP BY name, host)
        SELECT name, host, n, m, shift, (ranks - n * (n + m + 1) / 2.0) / sqrt(n * m * (n + m + 1) / 12.0) AS z
        FROM tested WHERE n > 3 AND m > 3 ORDER BY abs(z) DESC LIMIT 100"""
        .formatted(samples, middle, middle);
  }

  private static void write(Statement make, Path directory, int year) throws java.sql.SQLException {
    if (year > 0) {
      make.execute("COPY year TO '" + directory.resolve(year + ".parquet") + "' (FORMAT parquet, COMPRESSION zstd)");
      make.execute("DELETE FROM year");
    }
  }

  private static Map<String, String> questions(
      String all, String month, String name, String nameMonth, String builds, String trend, String regressions) {
    Map<String, String> questions = new LinkedHashMap<>();
    questions.put("summary-all", all);
    questions.put("summary-30d", month);
    questions.put("name-all", name);
    questions.put("name-30d", nameMonth);
    questions.put("builds", builds);
    questions.put("trend", trend);
    questions.put("regressions", regressions);
    return questions;
  }
}
