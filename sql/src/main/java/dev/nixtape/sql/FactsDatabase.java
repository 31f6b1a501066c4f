package dev.nixtape.sql;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Exported facts as a database that can be asked and nothing else: the views `facts` and `builds`.
/// A query reaches those files alone, no other, no network and no setting.
public final class FactsDatabase implements AutoCloseable {
  private final Connection duckDb;
  private volatile @Nullable Statement running;
  private volatile boolean cancelled;

  private FactsDatabase(Connection duckDb) {
    this.duckDb = duckDb;
  }

  /// Opens the Parquet files of a folder.
  public static FactsDatabase over(Days days) throws IOException {
    String files =
        days.files(Format.PARQUET).values().stream()
            .map(DuckDb::literal)
            .collect(Collectors.joining(", ", "[", "]"));
    try {
      Connection duckDb = DuckDb.open();
      try (Statement statement = duckDb.createStatement()) {
        statement.execute("SET TimeZone = 'UTC'");
        statement.execute(
            "CREATE VIEW facts AS "
                + (files.equals("[]")
                    ? Column.nothing()
                    : "FROM read_parquet(%s, hive_partitioning = true, hive_types = {day: DATE}, union_by_name = true)"
                        .formatted(files)));
        statement.execute("CREATE VIEW builds AS FROM facts WHERE kind = 'build'");
        statement.execute("SET allowed_paths = " + files);
        statement.execute("SET enable_external_access = false");
        statement.execute("SET lock_configuration = true");
      }
      return new FactsDatabase(duckDb);
    } catch (SQLException e) {
      throw new IOException("cannot read %s: %s".formatted(days.folder(), e.getMessage()), e);
    }
  }

  /// Answers one SELECT, once.
  ///
  /// @param timeout how long it may take, in whole seconds
  /// @throws QueryException when there is no answer
  public void query(String sql, Duration timeout, Rows rows) throws IOException {
    try {
      requireSelect(sql);
      try (PreparedStatement query = prepare(sql)) {
        running = query;
        query.setQueryTimeout(Math.toIntExact(timeout.toSeconds()));
        try (ResultSet answer = execute(query, timeout)) {
          copy(answer, rows);
        }
      } finally {
        running = null;
      }
    } catch (SQLException e) {
      throw new QueryException(QueryException.Why.FAILED, words(e));
    }
  }

  /// Cancels the query that runs, if one does. From any thread.
  public void cancel() {
    cancelled = true;
    Statement query = running;
    if (query != null) {
      try {
        query.cancel();
      } catch (SQLException e) {
        // It has ended.
      }
    }
  }

  @Override
  public void close() throws IOException {
    try {
      duckDb.close();
    } catch (SQLException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /// DuckDB runs all statements of a text but the last when it is prepared, so that they are
  /// counted before, by its own parser: what is no SELECT it does not serialise. A syntax error is
  /// left to `prepare`, which shows where it is.
  private void requireSelect(String sql) throws SQLException {
    try (PreparedStatement parse =
        duckDb.prepareStatement(
            """
            SELECT p->>'error_type', json_array_length(p->'statements')
            FROM (SELECT json_serialize_sql(?::VARCHAR) AS p)\
            """)) {
      parse.setString(1, sql);
      try (ResultSet parsed = parse.executeQuery()) {
        parsed.next();
        String error = parsed.getString(1);
        if (error == null ? parsed.getInt(2) != 1 : !error.equals("parser")) {
          throw new QueryException(
              QueryException.Why.WRONG,
              "only one SELECT is answered: nothing here can be changed, written or loaded");
        }
      }
    }
  }

  private PreparedStatement prepare(String sql) {
    try {
      return duckDb.prepareStatement(sql);
    } catch (SQLException e) {
      throw new QueryException(QueryException.Why.WRONG, words(e));
    }
  }

  private ResultSet execute(PreparedStatement query, Duration timeout) throws SQLException {
    try {
      return query.executeQuery();
    } catch (SQLException e) {
      if (cancelled) {
        throw new QueryException(QueryException.Why.FAILED, "cancelled");
      }
      if (words(e).startsWith("INTERRUPT")) {
        throw new QueryException(
            QueryException.Why.FAILED,
            "cancelled, it took longer than %d s: ask for less, or give it more with --timeout"
                .formatted(timeout.toSeconds()));
      }
      throw e;
    }
  }

  private static String words(SQLException e) {
    return String.valueOf(e.getMessage()).strip();
  }

  private static void copy(ResultSet answer, Rows rows) throws SQLException, IOException {
    int columns = answer.getMetaData().getColumnCount();
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= columns; i++) {
      names.add(answer.getMetaData().getColumnLabel(i));
    }
    rows.columns(names);
    while (answer.next()) {
      List<@Nullable Object> row = new ArrayList<>();
      for (int i = 1; i <= columns; i++) {
        row.add(plain(answer.getObject(i)));
      }
      rows.row(row);
    }
    rows.end();
  }

  /// What JDBC and DuckDB wrap, as `Rows` wants it.
  private static @Nullable Object plain(@Nullable Object value) throws SQLException {
    return switch (value) {
      case null -> null;
      case java.time.OffsetDateTime at -> at.toInstant();
      case java.sql.Timestamp at -> at.toLocalDateTime();
      case java.sql.Array array -> plain(java.util.Arrays.asList((Object[]) array.getArray()));
      case org.duckdb.DuckDBStruct struct -> plain(struct.getMap());
      case java.sql.Blob blob ->
          java.util.HexFormat.of().formatHex(blob.getBytes(1, Math.toIntExact(blob.length())));
      case Collection<?> items -> {
        List<@Nullable Object> plain = new ArrayList<>();
        for (Object item : items) {
          plain.add(plain(item));
        }
        yield plain;
      }
      case java.util.Map<?, ?> fields -> {
        java.util.Map<String, @Nullable Object> plain = new java.util.LinkedHashMap<>();
        for (var field : fields.entrySet()) {
          plain.put(String.valueOf(field.getKey()), plain(field.getValue()));
        }
        yield plain;
      }
      default -> value;
    };
  }
}
