package dev.nixtape.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nixtape.projections.Json;
import dev.nixtape.sql.Days;
import dev.nixtape.sql.Format;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// A server's facts as Parquet, kept from one question to the next. The totals of each day, which
/// the server keeps anyway, say whether a day has changed since it was exported.
final class FactsCache {
  /// Raised when exports get other columns.
  private static final String SCHEMA = "facts-3";

  private final Server server;
  private final Path folder;

  /// @param caches where caches are
  FactsCache(Server server, Path caches) {
    this.server = server;
    folder = caches.resolve(SCHEMA).resolve(Server.segment(server.address));
  }

  /// Exports the days that are not as they were. Waits for another process that does.
  Days refresh() throws IOException {
    Files.createDirectories(folder);
    try (FileChannel file =
            FileChannel.open(
                folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var _ = file.lock()) {
      // Before the facts: what ends in between is then seen as a change the next time.
      ObjectNode now = totals();
      Path known = folder.resolve("days.json");
      JsonNode before =
          Files.exists(known)
              ? Json.MAPPER.readTree(known.toFile())
              : Json.MAPPER.createObjectNode();
      Days days = new Days(folder.resolve("days"));
      Map<LocalDate, Path> files = days.files(Format.PARQUET);
      Set<LocalDate> stale = new TreeSet<>();
      now.properties()
          .forEach(day -> {
            LocalDate date = LocalDate.parse(day.getKey());
            if (!day.getValue().equals(before.get(day.getKey())) || !files.containsKey(date)) {
              stale.add(date);
            }
          });
      for (Map.Entry<LocalDate, Path> gone : files.entrySet()) {
        if (!now.has(gone.getKey().toString())) {
          Files.delete(gone.getValue());
        }
      }
      if (!stale.isEmpty()) {
        ExportCommand.write(server, days, Format.PARQUET, Collections.min(stale), stale::contains);
      }
      Path written = folder.resolve("days.json.new");
      Json.MAPPER.writeValue(written.toFile(), now);
      Files.move(
          written, known, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      return days;
    }
  }

  private ObjectNode totals() throws IOException {
    ObjectNode totals = Json.MAPPER.createObjectNode();
    for (JsonNode row : server.one("/v1/stats?bucket=day&tz=UTC", JsonNode.class).path("rows")) {
      String day = row.path("from").asText().substring(0, "2026-01-31".length());
      totals.withArrayProperty(day).add(row.path("totals"));
    }
    return totals;
  }
}
