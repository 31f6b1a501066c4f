package dev.nixtape.projections.tape;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.ByteSlice;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class EntryRecordTest {
  private static final Instant AT = Instant.parse("2026-01-31T14:03:00.123Z");
  private static final SessionId SESSION = SessionId.at("builder-7", AT, 42);

  private static LogEntry readBack(EntryRecord record) {
    return EntryRecord.read(
        record.key().getBytes(UTF_8),
        record.timestamp(),
        record.value().toArray(),
        header ->
            switch (header) {
              case EntryRecord.OFFSET -> record.offset().toArray();
              case EntryRecord.KIND -> record.kind() == null ? null : record.kind().getBytes(UTF_8);
              default -> record.entry() == null ? null : record.entry().toArray();
            });
  }

  @Test
  void everyEntryIsReadBackAsItWasWritten() {
    Source source =
        new Source(
            Source.Kind.SOCKET,
            "boot",
            "/run/nix.sock",
            true,
            new Source.Process(7, 0L, "root", List.of("nix-daemon", "5")),
            new Source.Process(5, 4294967294L, null, List.of()));
    for (LogEntry entry :
        List.<LogEntry>of(
            new LogEntry.Opened(SESSION, AT, source),
            new LogEntry.Lines(SESSION, AT, 0, ByteSlice.of("{}\n")),
            new LogEntry.Lines(SESSION, AT, 1L << 40, ByteSlice.of(new byte[] {(byte) 0xff, 0})),
            new LogEntry.Observed(
                SESSION,
                AT,
                255,
                new Observation.OutputsChecked(-1, "/d.drv", List.of("/o"), List.of())),
            new LogEntry.Observed(
                SESSION,
                AT,
                256,
                new Observation.DerivationRead(9, "/d.drv", "Derive(", List.of())),
            new LogEntry.Observed(
                SESSION, AT, 256, new Observation.DerivationKnown(9, "/e.drv", "Derive(")),
            new LogEntry.Observed(
                SESSION, AT, 257, new Observation.Unreadable(9, "/d.drv", "gone")),
            new LogEntry.Gap(SESSION, AT, 65536, 12, 3, AT.minusSeconds(5), "Kafka was away"),
            new LogEntry.Closed(SESSION, AT, 7, LogEntry.Ending.exited(3)),
            new LogEntry.Closed(SESSION, AT, 7, LogEntry.Ending.error("reset")),
            new LogEntry.Listening(SESSION, AT, "boot", "/run/nix.sock", List.of("one", "two")),
            new LogEntry.Reported(SESSION, AT, new Report.Killing("/nix/x.drv", "id", "me", "why")),
            new LogEntry.Reported(SESSION, AT, new Report.Used("/nix/x.drv", 1, 2, 3, null, 4L)))) {
      assertEquals(entry, readBack(EntryRecord.of(entry)));
    }
  }

  @Test
  void onlyChunksHaveAValueAndHeadersAreShort() {
    EntryRecord chunk =
        EntryRecord.of(new LogEntry.Lines(SESSION, AT, 300, ByteSlice.of("line\n")));
    EntryRecord gap = EntryRecord.of(new LogEntry.Gap(SESSION, AT, 300, 1, 0, AT, "why"));

    assertEquals("line\n", chunk.value().toString());
    assertEquals(2, chunk.offset().length());
    assertTrue(gap.value().isEmpty());
    assertEquals("builder-7/" + SESSION.id(), gap.key());
  }

  @Test
  void whatNoShimWroteIsRefusedInWords() {
    assertThrows(
        IllegalArgumentException.class, () -> EntryRecord.read(null, 0, new byte[1], _ -> null));
    assertThrows(
        IllegalArgumentException.class,
        () -> EntryRecord.read("nohost".getBytes(UTF_8), 0, new byte[1], _ -> new byte[0]));
    assertThrows(
        IllegalArgumentException.class,
        () -> EntryRecord.read("h/s".getBytes(UTF_8), 0, new byte[1], _ -> null));
    IllegalArgumentException unknown =
        assertThrows(
            IllegalArgumentException.class,
            () -> EntryRecord.read("h/s".getBytes(UTF_8), 0, null, _ -> "dance".getBytes(UTF_8)));
    assertTrue(String.valueOf(unknown.getMessage()).contains("dance"), unknown.getMessage());
  }

  @Test
  void aHostsSessionsSortByTime() {
    SessionId later = SessionId.at("builder-7", AT.plusMillis(1), 0);

    assertTrue(SESSION.id().compareTo(later.id()) < 0);
    assertEquals(SESSION, SessionId.parse(SESSION.key()));
  }
}
