package dev.nixtape.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Build;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportTest {
  @TempDir Path folder;

  private static List<Export.Day> export(Path folder, Format format, Build... facts)
      throws IOException {
    try (Export export = new Export(new Days(folder), format, _ -> true)) {
      for (Build fact : facts) {
        export.add(fact);
      }
      return export.finish();
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void aFactIsAFlatLineOfJson() throws IOException {
    export(folder, Format.NDJSON, Facts.failed("a", "2026-01-31T14:04:15.000Z"));

    assertEquals(
        """
        {"id":"a","nix_id":"18446744073709551615","kind":"build","name":"bad-2.0","pname":"bad","version":"2.0","system":null,\
        "host":"builder-7","machine":"local","user":"alice","uid":1000,"session":"builder-7/s","drv_path":"/nix/store/x.drv",\
        "store_path":null,"uri":null,"parent":null,"started_at":"2026-01-31T14:03:00.123Z","finished_at":"2026-01-31T14:04:15.000Z",\
        "duration_ms":75000,"phase":null,"phases":[{"name":"buildPhase","duration_ms":1200},{"name":"checkPhase","duration_ms":null}],\
        "log_lines":12,"bytes":null,"outcome":"failed","reason":"it said \\"no\\",\\nand – stopped","exit_code":3,\
        "evidence":[{"source":"counter","says":"failed","detail":"the worker counted it"}],"log_partition":0,"log_from":1,"log_to":2,\
        "last_lines":["no – really","bye"],\
        "cpu_user_ms":120000,"cpu_system_ms":3000,"peak_memory":2147483648,"io_bytes":null,\
        "remote_id":"b","remote_host":"builder-8","outside_ms":900}
        """,
        Files.readString(folder.resolve("day=2026-01-31/facts.ndjson")));
  }

  @Test
  void aFactIsARowOfCsvWithItsListsAsJson() throws IOException {
    export(folder, Format.CSV, Facts.failed("a", "2026-01-31T14:04:15.000Z"));

    assertEquals(
        """
        id,nix_id,kind,name,pname,version,system,host,machine,user,uid,session,drv_path,store_path,uri,parent,started_at,finished_at,\
        duration_ms,phase,phases,log_lines,bytes,outcome,reason,exit_code,evidence,log_partition,log_from,log_to,last_lines,\
        cpu_user_ms,cpu_system_ms,peak_memory,io_bytes,remote_id,remote_host,outside_ms
        a,18446744073709551615,build,bad-2.0,bad,2.0,,builder-7,local,alice,1000,builder-7/s,/nix/store/x.drv,,,,\
        2026-01-31T14:03:00.123Z,2026-01-31T14:04:15.000Z,75000,,\
        "[{""name"":""buildPhase"",""duration_ms"":1200},{""name"":""checkPhase"",""duration_ms"":null}]",12,,failed,\
        "it said ""no"",
        and – stopped",3,"[{""source"":""counter"",""says"":""failed"",""detail"":""the worker counted it""}]",0,1,2,"[""no – really"",""bye""]",120000,3000,2147483648,,b,builder-8,900
        """,
        Files.readString(folder.resolve("day=2026-01-31/facts.csv")));
  }

  @Test
  void aFactIsInTheFolderOfTheDayOnWhichItEndedInUtc() throws IOException {
    List<Export.Day> days =
        export(
            folder,
            Format.NDJSON,
            Facts.running("r"),
            Facts.failed("c", "2026-02-01T00:00:00.000Z"),
            Facts.failed("b", "2026-01-31T23:59:59.999Z"),
            Facts.failed("a", "2026-01-31T00:00:00.000Z"));

    assertEquals(List.of("day=2026-01-31/facts.ndjson", "day=2026-02-01/facts.ndjson"), files());
    assertEquals(List.of(1L, 2L), days.stream().map(Export.Day::facts).toList());
  }

  @Test
  void aDayThatIsExportedAgainIsReplacedAndOthersStay() throws IOException {
    for (Format format : Format.values()) {
      export(
          folder,
          format,
          Facts.failed("b", "2026-02-01T10:00:00.000Z"),
          Facts.failed("a", "2026-01-31T10:00:00.000Z"));
      Path other = folder.resolve("day=2026-01-31/facts." + format.extension());
      byte[] before = Files.readAllBytes(other);

      export(
          folder,
          format,
          Facts.failed("c", "2026-02-01T11:00:00.000Z"),
          Facts.failed("b", "2026-02-01T10:00:00.000Z"));

      assertEquals(-1, java.util.Arrays.mismatch(before, Files.readAllBytes(other)));
    }
    assertEquals(
        "[{\"day\":\"2026-01-31\",\"ids\":[\"a\"]},{\"day\":\"2026-02-01\",\"ids\":[\"c\",\"b\"]}]\n",
        FactsDatabaseTest.json(
            folder, "SELECT day, list(id) AS ids FROM facts GROUP BY day ORDER BY day"));
    assertFalse(files().stream().anyMatch(file -> file.endsWith(".new")), files().toString());
  }

  @Test
  void aDayThatIsNotCompleteLeavesWhatWasThere() throws IOException {
    export(folder, Format.CSV, Facts.failed("a", "2026-01-31T10:00:00.000Z"));
    String before = Files.readString(folder.resolve("day=2026-01-31/facts.csv"));

    try (Export export = new Export(new Days(folder), Format.CSV, _ -> true)) {
      export.add(Facts.failed("b", "2026-01-31T12:00:00.000Z"));
    }

    assertEquals(before, Files.readString(folder.resolve("day=2026-01-31/facts.csv")));
    assertEquals(List.of("day=2026-01-31/facts.csv"), files());
  }

  @Test
  void factsOutOfOrderWouldReplaceTheirOwnDayAndAreRefused() throws IOException {
    try (Export export = new Export(new Days(folder), Format.CSV, _ -> true)) {
      export.add(Facts.failed("a", "2026-01-31T10:00:00.000Z"));

      IOException refused =
          assertThrows(
              IOException.class, () -> export.add(Facts.failed("b", "2026-02-01T10:00:00.000Z")));
      assertTrue(String.valueOf(refused.getMessage()).contains("not newest first"));
    }
  }

  @Test
  void aFolderWithOtherThingsIsRefused() throws IOException {
    for (String foreign : List.of("photo.jpg", "day=soon/facts.csv", "day=2026-01-31/notes.txt")) {
      Path dir = Files.createTempDirectory(folder, "dir");
      Path file = dir.resolve(foreign);
      Files.createDirectories(file.getParent());
      Files.createFile(file);

      String why =
          String.valueOf(
              assertThrows(IllegalArgumentException.class, () -> new Days(dir)).getMessage());
      assertTrue(why.contains(foreign.replaceAll("soon/.*", "soon")), why);
    }
  }

  @Test
  void onlyDaysThatAreWantedAreWritten() throws IOException {
    LocalDate wanted = LocalDate.parse("2026-01-31");
    try (Export export = new Export(new Days(folder), Format.CSV, wanted::equals)) {
      export.add(Facts.failed("b", "2026-02-01T10:00:00.000Z"));
      export.add(Facts.failed("a", "2026-01-31T10:00:00.000Z"));
      export.finish();
    }

    assertEquals(List.of("day=2026-01-31/facts.csv"), files());
  }
}
