package dev.nixtape.sql;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildJson;
import java.nio.charset.StandardCharsets;

/// Facts to export, with every kind of value that a column can have.
final class Facts {
  private Facts() {}

  static Build failed(String id, String finishedAt) {
    return fact(id, "build", "\"" + finishedAt + "\"");
  }

  static Build running(String id) {
    return fact(id, "build", "null");
  }

  static Build fact(String id, String kind, String finishedAt) {
    String json =
        """
        {"id":"%s","nixId":"18446744073709551615","kind":"%s","drvPath":"/nix/store/x.drv","name":"bad-2.0","pname":"bad","version":"2.0",
         "host":"builder-7","machine":"local","user":"alice","uid":1000,"session":"builder-7/s",
         "startedAt":"2026-01-31T14:03:00.123Z","finishedAt":%s,"durationMs":75000,
         "phases":[{"name":"buildPhase","durationMs":1200},{"name":"checkPhase","durationMs":null}],
         "logLines":12,"outcome":"failed","reason":"it said \\"no\\",\\nand – stopped","exitCode":3,"lastLines":["no – really","bye"],
         "evidence":[{"source":"counter","says":"failed","detail":"the worker counted it"}],
         "log":{"partition":0,"from":1,"to":2},"cpuUserMs":120000,"cpuSystemMs":3000,"peakMemory":2147483648,"ioBytes":null,
         "remote":{"id":"b","host":"builder-8","startedAt":"2026-01-31T14:03:01.000Z","finishedAt":null,"outsideMs":900}}
        """
            .formatted(id, kind, finishedAt);
    return BuildJson.read(json.getBytes(StandardCharsets.UTF_8));
  }
}
