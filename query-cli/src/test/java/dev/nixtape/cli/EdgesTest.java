package dev.nixtape.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.ingest.spool.DirectoryLock;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the program reads from its surroundings, and how it writes values.
class EdgesTest {
  private static final Instant NOW = Instant.parse("2026-01-31T14:03:00Z");

  @Test
  void timesAreReadInTheReadersZone() {
    ZoneId berlin = ZoneId.of("Europe/Berlin");
    assertEquals(NOW.minusSeconds(7200), Asked.time("2h", NOW, ZoneOffset.UTC));
    assertEquals(NOW.minusSeconds(1800), Asked.time("30m", NOW, ZoneOffset.UTC));
    assertEquals(Instant.parse("2026-01-29T23:00:00Z"), Asked.time("2026-01-30", NOW, berlin));
    assertEquals(
        Instant.parse("2026-01-30T13:03:00Z"), Asked.time("2026-01-30 14:03", NOW, berlin));
    assertEquals(NOW, Asked.time("2026-01-31T14:03:00Z", NOW, berlin));
  }

  @Test
  void durationsAndSizesAreShort() {
    assertEquals("850ms", Screen.duration(Duration.ofMillis(850)));
    assertEquals("3.2s", Screen.duration(Duration.ofMillis(3200)));
    assertEquals("4m 10s", Screen.duration(Duration.ofSeconds(250)));
    assertEquals("2h 05m", Screen.duration(Duration.ofMinutes(125)));
    assertEquals("3d 4h", Screen.duration(Duration.ofHours(76)));
    assertEquals("512 B", Screen.bytes(512));
    assertEquals("1.5 KiB", Screen.bytes(1536));
    assertEquals("528.9 MiB", Screen.bytes(554_591_846));
  }

  @Test
  void placesFollowTheEnvironment() {
    Path home = Path.of("/home/alice");
    assertEquals(Path.of("/var/lib/nixtape"), Places.data(Map.of(), "root", home));
    assertEquals(Path.of("/home/alice/.local/state/nixtape"), Places.data(Map.of(), "alice", home));
    assertEquals(
        Path.of("/state/nixtape"), Places.data(Map.of("XDG_STATE_HOME", "/state"), "alice", home));
    assertEquals(Path.of("/run/nixtape"), Places.sockets(Map.of()));
    assertEquals(
        Path.of("/run/user/1000/nixtape"),
        Places.sockets(Map.of("XDG_RUNTIME_DIR", "/run/user/1000")));
    assertEquals(
        Path.of("/s"),
        Places.sockets(Map.of("XDG_RUNTIME_DIR", "/run/user/1000", "NIXTAPE_SOCKET_DIR", "/s")));
  }

  @Test
  void aSecondTakerOfADirectoryHearsWhoHoldsIt(@TempDir Path directory) throws IOException {
    try (DirectoryLock _ = DataLock.take(directory, "'nixtape up', process 4711")) {
      Failure refused =
          assertThrows(Failure.class, () -> DataLock.take(directory, "somebody else"));
      assertTrue(String.valueOf(refused.getMessage()).contains("process 4711"), refused.toString());
    }
    DataLock.take(directory, "the next").close();
  }

  @Test
  void whatABuilderWroteDoesNotSteerTheTerminal() {
    StringWriter out = new StringWriter();
    new Table<String>()
        .left("TEXT", text -> text)
        .print(List.of("a\u001b[2Jb\nc"), new PrintWriter(out, true));

    assertEquals("TEXT\na [2Jb c\n", out.toString());
  }

  @Test
  void csvQuotesWhatNeedsIt() {
    StringWriter out = new StringWriter();
    new Table<String>()
        .left("TEXT", text -> text)
        .csv(List.of("a,b", "say \"x\"", "plain"), new PrintWriter(out, true));

    assertEquals("text\n\"a,b\"\n\"say \"\"x\"\"\"\nplain\n", out.toString());
  }
}
