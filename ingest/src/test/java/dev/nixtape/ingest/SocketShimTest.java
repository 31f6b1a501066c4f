package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketShimTest {
  private final Host host = Host.named("hostA");
  private final List<String> said = new ArrayList<>();

  /// Not below the build's folder: a socket's path is short.
  @TempDir Path folder;

  @TempDir Path spools;

  private Path path;
  private Tape tape;

  @BeforeEach
  void openTape() throws IOException {
    path = folder.resolve("new/nix.sock");
    tape = Tape.ofShim(spools, host);
  }

  @AfterEach
  void closeTape() {
    tape.close();
  }

  @Test
  void theStreamIsPublishedByteForByte() throws IOException {
    byte[] stream = new byte[3_000_000];
    Random random = new Random(7);
    for (int i = 0; i < stream.length; i++) {
      stream[i] = random.nextInt(90) == 0 ? (byte) '\n' : (byte) (' ' + random.nextInt(90));
    }
    try (SocketShim _ = listen()) {
      try (SocketChannel nix = connect()) {
        for (int at = 0; at < stream.length; ) {
          int length = Math.min(1 + random.nextInt(200_000), stream.length - at);
          write(nix, ByteBuffer.wrap(stream, at, length));
          at += length;
        }
      }

      assertEquals(new String(stream, UTF_8), tape.stream(tape.awaitClosed()));
    }
  }

  @Test
  void aLineIsPublishedAsSoonAsItIsComplete() throws IOException {
    try (SocketShim _ = listen();
        SocketChannel nix = connect()) {
      write(nix, "{\"action\":\"stop\",\"id\":1}\n{\"ac");

      Tape.await(() -> tape.entries(LogEntry.Lines.class).size() == 1);
      assertEquals(
          "{\"action\":\"stop\",\"id\":1}\n",
          tape.entries(LogEntry.Lines.class).getFirst().bytes().toString());
    }
  }

  @Test
  void whatWasSentJustBeforeTheEndIsAllThere() throws IOException {
    try (SocketShim _ = listen()) {
      for (int i = 0; i < 50; i++) {
        try (SocketChannel nix = connect()) {
          write(nix, "x".repeat(99).concat("\n").repeat(1000) + "unfinished");
        }
      }

      Tape.await(() -> tape.entries(LogEntry.Closed.class).size() == 50);
      for (LogEntry.Closed closed : tape.entries(LogEntry.Closed.class)) {
        assertEquals(100_010, closed.offset());
        assertEquals(100_010, tape.stream(closed.session()).length());
      }
    }
  }

  @Test
  void closedIsTheLastEntryOfASessionAndOpenedTheFirst() throws IOException {
    try (SocketShim _ = listen()) {
      try (SocketChannel nix = connect()) {
        write(nix, "one\ntwo\nthree");
      }
      SessionId session = tape.awaitClosed();

      List<LogEntry> entries = tape.entries(session);
      assertInstanceOf(LogEntry.Opened.class, entries.getFirst());
      assertEquals("one\ntwo\nthree", tape.stream(session));
      LogEntry.Closed closed = assertInstanceOf(LogEntry.Closed.class, entries.getLast());
      assertEquals(LogEntry.Ending.end(), closed.ending());
      assertEquals(13, closed.offset());
    }
  }

  @Test
  void thePeerIsAsTheKernelSays() throws IOException {
    try (SocketShim _ = listen();
        SocketChannel _ = connect()) {
      Tape.await(() -> !tape.entries(LogEntry.Opened.class).isEmpty());

      Source source = tape.entries(LogEntry.Opened.class).getFirst().source();
      Source.Process peer = source.requester().orElseThrow();
      assertEquals(Source.Kind.SOCKET, source.kind());
      assertTrue(source.observed());
      assertEquals(host.boot(), source.boot());
      assertEquals(path.toString(), source.path());
      assertEquals(ProcessHandle.current().pid(), peer.pid());
      assertEquals(host.ownUser().uid(), peer.uid());
      assertEquals(System.getProperty("user.name"), peer.user());
      assertFalse(peer.command().isEmpty());
    }
  }

  @Test
  void listeningIsTheFirstEntryOfAll() throws IOException {
    try (SocketShim _ = listen();
        SocketChannel _ = connect()) {
      Tape.await(() -> tape.entries().size() == 2);

      LogEntry.Listening listening =
          assertInstanceOf(LogEntry.Listening.class, tape.entries().getFirst());
      assertEquals(path.toString(), listening.path());
      assertEquals("hostA", listening.session().host());
    }
  }

  @Test
  void everyUserMayConnect() throws IOException {
    try (SocketShim _ = listen()) {
      assertEquals("rw-rw-rw-", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
      assertEquals(
          "rwxr-xr-x",
          PosixFilePermissions.toString(Files.getPosixFilePermissions(path.getParent())));
    }
  }

  @Test
  void aLiveSocketIsNotStolen() throws IOException {
    try (SocketShim _ = listen()) {
      IOException e = assertThrows(IOException.class, this::listen);

      assertTrue(
          e.toString()
              .contains(
                  "another nixtape (or other program) listens on %s: process %d, "
                      .formatted(path, ProcessHandle.current().pid())),
          e.toString());
      try (SocketChannel nix = connect()) {
        write(nix, "still here\n");
      }
      Tape.await(() -> !tape.entries(LogEntry.Lines.class).isEmpty());
    }
  }

  @Test
  void aStaleSocketFileIsReplaced() throws IOException {
    Files.createDirectories(path.getParent());
    try (var dead =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(path));
    }
    assertTrue(Files.exists(path));

    try (SocketShim _ = listen();
        SocketChannel nix = connect()) {
      write(nix, "hello\n");
      Tape.await(() -> !tape.entries(LogEntry.Lines.class).isEmpty());
    }
  }

  @Test
  void aRegularFileLeftByNixIsIngestedFirst() throws IOException {
    Files.createDirectories(path.getParent());
    Files.writeString(path, "written\nwhile nobody listened\n");

    try (SocketShim _ = listen();
        SocketChannel nix = connect()) {
      write(nix, "later\n");
      Tape.await(() -> tape.entries(LogEntry.Lines.class).size() == 2);

      SessionId file = tape.entries(LogEntry.Lines.class).getFirst().session();
      LogEntry.Opened opened = (LogEntry.Opened) tape.entries(file).getFirst();
      assertEquals(Source.Kind.FILE, opened.source().kind());
      assertEquals(path.toString(), opened.source().path());
      assertEquals("written\nwhile nobody listened\n", tape.stream(file));
      // The file goes when its end is in the spool, which is before it is published.
      Tape.await(() -> tape.entries(file).getLast() instanceof LogEntry.Closed);
      Tape.await(() -> filesBeside() == 1);
    }
  }

  @Test
  void aFoundFileIsNotLostWhenKafkaIsAway() throws IOException {
    Files.createDirectories(path.getParent());
    Files.writeString(path, "precious\n");
    tape.kafka().room(false);
    try (SocketShim _ = listen()) {
      Tape.await(() -> filesBeside() == 1);
    }
    tape.close();
    try (Tape next = Tape.ofShim(spools, host);
        SocketShim _ = listen(next)) {
      assertEquals("precious\n", next.stream(next.awaitClosed()));
    }
  }

  @Test
  void aPathThatLinuxCannotBindIsRefused() {
    Path tooLong = folder.resolve("x".repeat(108));

    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> SocketShim.listen(tooLong, tape.recorder(), ServiceManager.none(), said::add));

    assertTrue(e.toString().contains("more than the 107 that Linux allows"), e.toString());
  }

  @Test
  void thousandsOfOpenConnectionsAreServed() throws IOException {
    int count = 2000;
    List<SocketChannel> open = new ArrayList<>();
    try (SocketShim _ = listen()) {
      for (int i = 0; i < count; i++) {
        open.add(connect());
        write(open.getLast(), "first of " + i + "\n");
      }
      Tape.await(() -> tape.entries(LogEntry.Lines.class).size() == count);
      for (int i = count - 1; i >= 0; i--) {
        write(open.get(i), "second of " + i + "\n");
      }
      for (SocketChannel each : open) {
        each.close();
      }

      Tape.await(() -> tape.entries(LogEntry.Closed.class).size() == count);
      for (LogEntry.Closed closed : tape.entries(LogEntry.Closed.class).subList(0, 50)) {
        assertTrue(
            tape.stream(closed.session()).matches("first of (\\d+)\nsecond of \\1\n"),
            tape.stream(closed.session()));
      }
    } finally {
      for (SocketChannel each : open) {
        each.close();
      }
    }
  }

  @Test
  void stoppingClosesEverySessionAsUnheardAndRemovesTheSocket() throws IOException {
    List<SocketChannel> open = new ArrayList<>();
    try {
      try (SocketShim _ = listen()) {
        for (int i = 0; i < 20; i++) {
          open.add(connect());
          write(open.getLast(), "complete\nunfinished");
        }
      }

      Tape.await(() -> tape.entries(LogEntry.Closed.class).size() == 20);
      List<LogEntry.Closed> closed = tape.entries(LogEntry.Closed.class);
      for (LogEntry.Closed each : closed) {
        assertEquals(LogEntry.Ending.unheard("the shim was stopped"), each.ending());
        assertEquals("complete\nunfinished", tape.stream(each.session()));
      }
      assertFalse(Files.exists(path));
    } finally {
      for (SocketChannel each : open) {
        each.close();
      }
    }
  }

  @Test
  void aKafkaWithoutRoomHoldsUpNoNixAndLosesNothing() throws IOException {
    tape.kafka().room(false);
    try (SocketShim _ = listen()) {
      try (SocketChannel nix = connect()) {
        write(nix, "waits\n".repeat(500_000));
      }
      Tape.await(() -> tape.recorder().state().waiting() > 3_000_000);
      tape.kafka().room(true);

      assertEquals("waits\n".repeat(500_000), tape.stream(tape.awaitClosed()));
    }
  }

  private SocketShim listen() throws IOException {
    return listen(tape);
  }

  private SocketShim listen(Tape to) throws IOException {
    return SocketShim.listen(path, to.recorder(), ServiceManager.none(), said::add);
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(path));
  }

  private long filesBeside() {
    try (Stream<Path> files = Files.list(path.getParent())) {
      return files.count();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void write(SocketChannel nix, String text) throws IOException {
    write(nix, ByteBuffer.wrap(text.getBytes(UTF_8)));
  }

  private static void write(SocketChannel nix, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      nix.write(bytes);
    }
  }
}
