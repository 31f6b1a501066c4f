package dev.nixtape.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSourceTest {
  @TempDir Path folder;
  private Path path;
  private Tape tape;
  private FileSource source;

  @BeforeEach
  void open() throws IOException {
    path = folder.resolve("nix.json");
    tape = Tape.ofCommand(folder.resolve("spool"), Host.named("hostA"));
    source = new FileSource(tape.recorder(), path);
  }

  @AfterEach
  void close() {
    tape.close();
  }

  @Test
  void aFileIsPublishedByteForByteAsOneSession() throws Exception {
    String lines = "{\"action\":\"stop\",\"id\":1}\n".repeat(50_000) + "unfinished";
    Files.writeString(path, lines);

    SessionId session = source.ingest();
    tape.awaitClosed();

    assertEquals(lines, tape.stream(session));
    LogEntry.Opened opened = (LogEntry.Opened) tape.entries(session).getFirst();
    assertEquals(
        new Source(Source.Kind.FILE, Host.local().boot(), path.toString(), false, null, null),
        opened.source());
    assertEquals(
        new LogEntry.Closed(
            session, tape.entries(session).getLast().at(), lines.length(), LogEntry.Ending.end()),
        tape.entries(session).getLast());
  }

  @Test
  void aFileThatDoesNotExistIsNamed() {
    IOException e = assertThrows(IOException.class, source::ingest);

    assertEquals("there is no file " + path, e.getMessage());
  }

  @Test
  void aFileIsFollowedFromItsAppearanceThroughRotationAndTruncation() throws IOException {
    try (Following _ = new Following()) {
      append("one\n");
      awaitStreams(List.of("one\n"));
      append("two\nthr");
      append("ee\n");
      awaitStreams(List.of("one\ntwo\nthree\n"));

      Files.move(path, folder.resolve("nix.json.1"));
      Files.writeString(folder.resolve("nix.json.1"), "late\n", StandardOpenOption.APPEND);
      append("rotated\n");
      awaitStreams(List.of("one\ntwo\nthree\nlate\n", "rotated\n"));

      Files.writeString(path, "cut\n", StandardOpenOption.TRUNCATE_EXISTING);
      awaitStreams(List.of("one\ntwo\nthree\nlate\n", "rotated\n", "cut\n"));
    }

    Tape.await(() -> tape.entries(LogEntry.Closed.class).size() == 3);
    List<LogEntry.Ending> endings =
        tape.entries(LogEntry.Closed.class).stream().map(LogEntry.Closed::ending).toList();
    assertEquals(
        List.of(
            LogEntry.Ending.end(),
            LogEntry.Ending.end(),
            LogEntry.Ending.unheard("following was stopped")),
        endings);
  }

  private void append(String text) throws IOException {
    Files.writeString(path, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private void awaitStreams(List<String> streams) {
    Tape.await(() ->
        tape.entries(LogEntry.Opened.class).stream()
            .map(opened -> tape.stream(opened.session()))
            .toList()
            .equals(streams));
  }

  private final class Following implements AutoCloseable {
    private final Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              try {
                source.follow();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });

    @Override
    public void close() {
      thread.interrupt();
      Tape.await(() -> !thread.isAlive());
    }
  }
}
