package dev.nixtape.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.sql.QueryException.Why;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FactsDatabaseTest {
  private static final String RUNAWAY =
      "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 7";

  @TempDir Path folder;

  @BeforeEach
  void export() throws IOException {
    try (Export export = new Export(new Days(folder), Format.PARQUET, _ -> true)) {
      export.add(Facts.failed("c", "2026-02-01T09:00:00.000Z"));
      export.add(Facts.fact("b", "substitute", "\"2026-01-31T15:00:00.000Z\""));
      export.add(Facts.failed("a", "2026-01-31T14:04:15.000Z"));
      export.finish();
    }
  }

  static String json(Path folder, String sql) throws IOException {
    StringWriter answer = new StringWriter();
    try (FactsDatabase facts = FactsDatabase.over(new Days(folder))) {
      facts.query(sql, Duration.ofSeconds(60), JsonRows.array(answer));
    }
    return answer.toString();
  }

  private QueryException refused(String sql) {
    return assertThrows(QueryException.class, () -> json(folder, sql), sql);
  }

  @Test
  void everyColumnComesBackAsItWas() throws IOException {
    assertEquals(
        """
        [{"id":"c","nix_id":"18446744073709551615","kind":"build","name":"bad-2.0","pname":"bad","version":"2.0","system":null,\
        "host":"builder-7","machine":"local","user":"alice","uid":1000,"session":"builder-7/s","drv_path":"/nix/store/x.drv",\
        "store_path":null,"uri":null,"parent":null,"started_at":"2026-01-31T14:03:00.123Z","finished_at":"2026-02-01T09:00:00.000Z",\
        "duration_ms":75000,"phase":null,"phases":[{"name":"buildPhase","duration_ms":1200},{"name":"checkPhase","duration_ms":null}],\
        "log_lines":12,"bytes":null,"outcome":"failed","reason":"it said \\"no\\",\\nand – stopped","exit_code":3,\
        "evidence":[{"source":"counter","says":"failed","detail":"the worker counted it"}],"log_partition":0,"log_from":1,"log_to":2,\
        "last_lines":["no – really","bye"],\
        "cpu_user_ms":120000,"cpu_system_ms":3000,"peak_memory":2147483648,"io_bytes":null,\
        "remote_id":"b","remote_host":"builder-8","outside_ms":900,"day":"2026-02-01"}]
        """,
        json(folder, "FROM facts WHERE id = 'c'"));
  }

  @Test
  void buildsAreTheFactsThatAreBuilds() throws IOException {
    assertEquals(
        "[{\"facts\":3,\"builds\":2}]\n",
        json(
            folder,
            "SELECT (SELECT count(*) FROM facts) AS facts, (SELECT count(*) FROM builds) AS builds"));
  }

  @Test
  void aFolderWithoutFactsHasTheSameColumns() throws IOException {
    Path empty = folder.resolve("none");

    assertEquals(json(folder, "DESCRIBE facts"), json(empty, "DESCRIBE facts"));
    assertEquals("[]\n", json(empty, "FROM builds"));
  }

  @Test
  void valuesOfAllTypesAreJsonAndCsv() throws IOException {
    String sql =
        "SELECT sum(uid) AS huge, avg(duration_ms) AS mean, 1.50 AS exact, true AS truth, max(started_at) AS at,"
            + " date '2026-01-31' AS day, timestamp '2026-01-31 10:00:00' AS local, {'a': [1, NULL]} AS nested,"
            + " map {'k': 1} AS map, '\\xFF'::BLOB AS bytes, 'nan'::DOUBLE AS nan, NULL AS nothing, 'a\"b,c' AS text FROM facts";
    StringWriter csv = new StringWriter();
    try (FactsDatabase facts = FactsDatabase.over(new Days(folder))) {
      facts.query(sql, Duration.ofSeconds(60), new CsvRows(csv));
    }

    assertEquals(
        """
        [{"huge":3000,"mean":75000.0,"exact":1.50,"truth":true,"at":"2026-01-31T14:03:00.123Z","day":"2026-01-31",\
        "local":"2026-01-31T10:00","nested":{"a":[1,null]},"map":{"k":1},"bytes":"ff","nan":"NaN","nothing":null,"text":"a\\"b,c"}]
        """,
        json(folder, sql));
    assertEquals(
        """
        huge,mean,exact,truth,at,day,local,nested,map,bytes,nan,nothing,text
        3000,75000.0,1.50,true,2026-01-31T14:03:00.123Z,2026-01-31,2026-01-31T10:00,"{""a"":[1,null]}","{""k"":1}",ff,NaN,,"a""b,c"
        """,
        csv.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM parquet_metadata('/etc/passwd')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM read_text('FOLDER/day=2026-01-31/../../../../../../../../etc/passwd')",
        "SELECT * FROM read_text('FOLDER/day=2026-01-31/facts.csv')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM glob('FOLDER/*')",
        "SELECT * FROM read_duckdb('/tmp/x.db')",
        "SELECT * FROM read_parquet('https://example.com/x.parquet')"
      })
  void noOtherFileIsRead(String sql) throws IOException {
    Files.writeString(folder.resolve("day=2026-01-31/facts.csv"), "secret");

    String why = String.valueOf(refused(sql.replace("FOLDER", folder.toString())).getMessage());

    assertTrue(why.startsWith("Permission Error: Cannot access"), why);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM '/etc/passwd.csv'",
        "SELECT getenv('HOME')"
      })
  void noFileIsATableAndNoEnvironmentIsRead(String sql) {
    assertEquals(Why.WRONG, refused(sql).why());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "COPY facts TO '/tmp/x.csv'",
        "COPY facts TO 'FOLDER/day=2026-01-31/facts.parquet'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "EXPORT DATABASE '/tmp/x'",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '/tmp/x.so'",
        "SET memory_limit = '100GB'",
        "RESET memory_limit",
        "SET enable_external_access = true",
        "PRAGMA enable_profiling",
        "CALL enable_logging('QueryLog')",
        "CREATE TABLE t (a INT)",
        "CREATE OR REPLACE VIEW facts AS SELECT 1",
        "INSERT INTO facts VALUES (1)",
        "UPDATE facts SET id = 'x'",
        "DELETE FROM facts",
        "DROP VIEW facts",
        "BEGIN",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY (SELECT 1) TO 'FOLDER/day=2026-01-31/facts.parquet'",
        "COPY (SELECT 1) TO 'FOLDER/day=2026-01-31/facts.parquet'; SELECT 1",
        "SET threads = 1; SELECT 1",
        "",
        "-- nothing"
      })
  void onlyOneSelectIsAnswered(String sql) throws IOException {
    QueryException refused = refused(sql.replace("FOLDER", folder.toString()));

    assertEquals(Why.WRONG, refused.why());
    assertTrue(
        String.valueOf(refused.getMessage()).startsWith("only one SELECT"), refused.getMessage());
    assertEquals("[{\"count\":3}]\n", json(folder, "SELECT count(*) AS count FROM facts"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM enable_logging('QueryLog')",
        "SELECT * FROM enable_logging(storage = 'file', storage_path = '/tmp/x')",
        "SELECT * FROM enable_profiling('json')",
        "SELECT * FROM query('COPY (SELECT 1) TO ''/tmp/x.csv''')",
        "WITH x AS (INSERT INTO facts VALUES (1)) SELECT * FROM x"
      })
  void aSelectDoesNothingElseOnTheSide(String sql) {
    assertFalse(String.valueOf(refused(sql).getMessage()).isEmpty());
  }

  /// The second guard, in case that something passes for a SELECT one day.
  @Test
  void theDatabaseItselfIsLocked() throws IOException {
    assertEquals(
        "[{\"external\":\"false\",\"locked\":\"true\",\"install\":\"false\",\"load\":\"false\"}]\n",
        json(
            folder,
            "SELECT current_setting('enable_external_access')::VARCHAR AS external, current_setting('lock_configuration')::VARCHAR AS locked,"
                + " current_setting('autoinstall_known_extensions')::VARCHAR AS install,"
                + " current_setting('autoload_known_extensions')::VARCHAR AS load"));
  }

  @Test
  void aWrongQueryIsToldWhereItIsWrong() {
    QueryException syntax = refused("SELECT id FROM facts WERE 1");
    assertEquals(Why.WRONG, syntax.why());
    assertTrue(
        String.valueOf(syntax.getMessage())
            .contains("LINE 1: SELECT id FROM facts WERE 1\n                                  ^"),
        syntax.getMessage());

    QueryException unknown = refused("SELECT colour\nFROM facts");
    assertEquals(Why.WRONG, unknown.why());
    assertTrue(
        String.valueOf(unknown.getMessage()).contains("LINE 1: SELECT colour"),
        unknown.getMessage());
  }

  @Test
  void whatCannotBeComputedIsNoWrongQuery() {
    QueryException failed = refused("SELECT id::INT FROM facts");

    assertEquals(Why.FAILED, failed.why());
    assertTrue(
        String.valueOf(failed.getMessage()).contains("Could not convert"), failed.getMessage());
  }

  @Test
  void aRunawayQueryIsCancelledInTime() throws IOException {
    try (FactsDatabase facts = FactsDatabase.over(new Days(folder))) {
      QueryException late =
          assertThrows(
              QueryException.class,
              () -> facts.query(RUNAWAY, Duration.ofSeconds(1), new CsvRows(new StringWriter())));

      assertEquals(
          "cancelled, it took longer than 1 s: ask for less, or give it more with --timeout",
          late.getMessage());
    }
  }

  @Test
  void aQueryCanBeCancelledFromAnotherThread() throws Exception {
    try (FactsDatabase facts = FactsDatabase.over(new Days(folder))) {
      Thread canceller =
          Thread.ofVirtual()
              .start(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                  facts.cancel();
                  Thread.onSpinWait();
                }
              });
      QueryException cancelled =
          assertThrows(
              QueryException.class,
              () -> facts.query(RUNAWAY, Duration.ofSeconds(60), new CsvRows(new StringWriter())));
      canceller.interrupt();
      canceller.join();

      assertEquals("cancelled", cancelled.getMessage());
    }
  }

  @Test
  void aQueryThatNeedsTooMuchMemoryFailsAlone() {
    QueryException failed = refused("SELECT list(range) FROM range(1000000000)");

    assertEquals(Why.FAILED, failed.why());
    assertTrue(
        String.valueOf(failed.getMessage()).startsWith("Out of Memory"), failed.getMessage());
  }
}
