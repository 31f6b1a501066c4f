package dev.nixtape.sql;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/// DuckDB in this process and in memory, without extensions from elsewhere.
final class DuckDb {
  /// A builder's memory is for its builds.
  private static final String MEMORY = "1GiB";

  private DuckDb() {}

  static Connection open() throws SQLException {
    Properties settings = new Properties();
    settings.setProperty("autoinstall_known_extensions", "false");
    settings.setProperty("autoload_known_extensions", "false");
    settings.setProperty("allow_community_extensions", "false");
    settings.setProperty("memory_limit", MEMORY);
    // Never onto the disk: a runaway query would fill it.
    settings.setProperty("temp_directory", "");
    return DriverManager.getConnection("jdbc:duckdb:", settings);
  }

  /// Turns lines of JSON with the columns of `Column` into a Parquet file.
  static void toParquet(Path json, Path parquet) throws IOException {
    try (Connection duckDb = open();
        Statement copy = duckDb.createStatement()) {
      copy.execute(
          "COPY (FROM read_json(%s, format = 'newline_delimited', columns = %s)) TO %s (FORMAT parquet, COMPRESSION zstd)"
              .formatted(literal(json), Column.types(), literal(parquet)));
    } catch (SQLException e) {
      throw new IOException("cannot write %s: %s".formatted(parquet, e.getMessage()), e);
    }
  }

  static String literal(Path path) {
    return "'" + path.toAbsolutePath().toString().replace("'", "''") + "'";
  }
}
