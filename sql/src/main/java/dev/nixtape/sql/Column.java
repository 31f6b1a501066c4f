package dev.nixtape.sql;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Remote;
import dev.nixtape.projections.Build.Used;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The one schema of exported facts, in the order of their columns; `docs/sql.md` explains each.
/// Names and types are a promise.
///
/// @param type DuckDB's
record Column(String name, String type, Function<Build, @Nullable Object> value) {
  static final List<Column> ALL =
      List.of(
          new Column("id", "VARCHAR", Build::id),
          new Column("nix_id", "VARCHAR", Build::nixId),
          new Column("kind", "VARCHAR", fact -> fact.kind().json()),
          new Column("name", "VARCHAR", Build::name),
          new Column("pname", "VARCHAR", Build::pname),
          new Column("version", "VARCHAR", Build::version),
          new Column("system", "VARCHAR", Build::system),
          new Column("host", "VARCHAR", Build::host),
          new Column("machine", "VARCHAR", Build::machine),
          new Column("user", "VARCHAR", Build::user),
          new Column("uid", "BIGINT", Build::uid),
          new Column("session", "VARCHAR", Build::session),
          new Column("drv_path", "VARCHAR", Build::drvPath),
          new Column("store_path", "VARCHAR", Build::storePath),
          new Column("uri", "VARCHAR", Build::uri),
          new Column("parent", "VARCHAR", Build::parent),
          new Column("started_at", "TIMESTAMPTZ", Build::startedAt),
          new Column("finished_at", "TIMESTAMPTZ", Build::finishedAt),
          new Column("duration_ms", "BIGINT", Build::durationMs),
          new Column("phase", "VARCHAR", Build::phase),
          new Column("phases", "STRUCT(name VARCHAR, duration_ms BIGINT)[]", Column::phases),
          new Column("log_lines", "BIGINT", Build::logLines),
          new Column("bytes", "BIGINT", Build::bytes),
          new Column(
              "outcome", "VARCHAR", fact -> fact.outcome() == null ? null : fact.outcome().json()),
          new Column("reason", "VARCHAR", Build::reason),
          new Column("exit_code", "INTEGER", Build::exitCode),
          new Column(
              "evidence",
              "STRUCT(source VARCHAR, says VARCHAR, detail VARCHAR)[]",
              Column::evidence),
          new Column("log_partition", "INTEGER", fact -> fact.log().partition()),
          new Column("log_from", "BIGINT", fact -> fact.log().from()),
          new Column("log_to", "BIGINT", fact -> fact.log().to()),
          new Column("last_lines", "VARCHAR[]", Build::lastLines),
          new Column("cpu_user_ms", "BIGINT", used(Used::cpuUserMs)),
          new Column("cpu_system_ms", "BIGINT", used(Used::cpuSystemMs)),
          new Column("peak_memory", "BIGINT", used(Used::peakMemory)),
          new Column("io_bytes", "BIGINT", used(Used::ioBytes)),
          new Column("remote_id", "VARCHAR", remote(Remote::id)),
          new Column("remote_host", "VARCHAR", remote(Remote::host)),
          new Column("outside_ms", "BIGINT", remote(Remote::outsideMs)));

  static final List<String> NAMES = ALL.stream().map(Column::name).toList();

  /// A fact as a row.
  static List<@Nullable Object> row(Build fact) {
    List<@Nullable Object> row = new ArrayList<>(ALL.size());
    for (Column column : ALL) {
      row.add(column.value.apply(fact));
    }
    return row;
  }

  /// The columns as DuckDB's `read_json` wants them: `{"id": 'VARCHAR', …}`.
  static String types() {
    return ALL.stream()
        .map(column -> "\"%s\": '%s'".formatted(column.name, column.type))
        .collect(Collectors.joining(", ", "{", "}"));
  }

  /// A query with these columns and no rows.
  static String nothing() {
    return ALL.stream()
        .map(column -> "NULL::%s AS \"%s\"".formatted(column.type, column.name))
        .collect(Collectors.joining(", ", "SELECT ", ", NULL::DATE AS day WHERE false"));
  }

  private interface Part<T> {
    @Nullable Object of(T whole);
  }

  private static Function<Build, @Nullable Object> used(Part<Used> part) {
    return fact -> fact.used() == null ? null : part.of(fact.used());
  }

  private static Function<Build, @Nullable Object> remote(Part<Remote> part) {
    return fact -> fact.remote() == null ? null : part.of(fact.remote());
  }

  private static List<Map<String, @Nullable Object>> phases(Build fact) {
    return fact.phases().stream()
        .map(phase -> {
          Map<String, @Nullable Object> row = new LinkedHashMap<>();
          row.put("name", phase.name());
          row.put("duration_ms", phase.durationMs());
          return row;
        })
        .toList();
  }

  private static List<Map<String, @Nullable Object>> evidence(Build fact) {
    return fact.evidence().stream()
        .map(evidence -> {
          Map<String, @Nullable Object> row = new LinkedHashMap<>();
          row.put("source", evidence.source());
          row.put("says", evidence.says().json());
          row.put("detail", evidence.detail());
          return row;
        })
        .toList();
  }
}
