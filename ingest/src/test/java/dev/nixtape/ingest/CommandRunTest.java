package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandRunTest {
  private final Host host = Host.named("hostA");
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  @TempDir Path folder;

  @Test
  void theCommandsStatusIsReturnedAndRecorded() throws Exception {
    try (Tape tape = Tape.ofCommand(folder.resolve("spools"), host)) {
      int status = run(tape, List.of("sh", "-c", "echo trouble >&2; exit 3"));

      SessionId session = tape.awaitClosed();
      assertEquals(3, status);
      assertEquals("trouble\n", tape.stream(session));
      assertEquals("trouble\n", shown.toString(UTF_8));
      assertEquals(
          LogEntry.Ending.exited(3), ((LogEntry.Closed) tape.entries(session).getLast()).ending());
    }
  }

  @Test
  void nixIsRunWithItsEventsAndKnownAsTheSessionsPeer() throws Exception {
    Path nix = folder.resolve("nix");
    Files.writeString(nix, "#!/bin/sh\necho \"$@\" >&2\n");
    Files.setPosixFilePermissions(nix, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (Tape tape = Tape.ofCommand(folder.resolve("spools"), host)) {
      assertEquals(0, run(tape, List.of(nix.toString(), "build", ".#x")));

      SessionId session = tape.awaitClosed();
      assertEquals("build .#x --log-format internal-json -v\n", tape.stream(session));
      LogEntry.Opened opened = (LogEntry.Opened) tape.entries(session).getFirst();
      Source.Process peer = opened.source().requester().orElseThrow();
      assertTrue(peer.pid() > 0);
      assertEquals(System.getProperty("user.name"), peer.user());
      assertEquals(
          List.of(nix.toString(), "build", ".#x", "--log-format", "internal-json", "-v"),
          peer.command());
    }
  }

  @Test
  void aCommandThatASignalEndsSaysWhich() throws Exception {
    try (Tape tape = Tape.ofCommand(folder.resolve("spools"), host)) {
      assertEquals(128 + 9, run(tape, List.of("sh", "-c", "kill -9 $$")));
    }
  }

  @Test
  void theRecordingOutlivesASignalThatEndsTheCommand() throws Exception {
    long own = ProcessHandle.current().pid();
    try (Tape tape = Tape.ofCommand(folder.resolve("spools"), host)) {
      // as ctrl-C does: the signal reaches both
      int status =
          run(
              tape,
              List.of("sh", "-c", "kill -INT %d; kill -INT $$; exec sleep 100".formatted(own)));

      assertEquals(128 + 2, status);
      assertEquals(
          LogEntry.Ending.exited(128 + 2),
          ((LogEntry.Closed) tape.entries(tape.awaitClosed()).getLast()).ending());
    }
  }

  @Test
  void whoeverAsksTheRecorderToEndAsksTheCommand() throws Exception {
    long own = ProcessHandle.current().pid();
    try (Tape tape = Tape.ofCommand(folder.resolve("spools"), host)) {
      int status = run(tape, List.of("sh", "-c", "kill -TERM %d; exec sleep 100".formatted(own)));

      assertEquals(128 + 15, status);
    }
  }

  @Test
  void aProgramThatDoesNotExistIsNamed() throws IOException {
    try (Tape tape = Tape.ofCommand(folder.resolve("spools"), host)) {
      IOException e =
          assertThrows(IOException.class, () -> run(tape, List.of("no-such-program-here")));

      assertTrue(e.toString().contains("cannot run no-such-program-here"), e.toString());
    }
  }

  private int run(Tape tape, List<String> command) throws IOException, InterruptedException {
    return new CommandRun(tape.recorder(), shown, false).run(command);
  }
}
