package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import java.io.FileDescriptor;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/// Against a stand-in that receives what systemd would. That it survives a restart of the process
/// is shown end to end.
class ServiceManagerTest {
  @TempDir Path folder;

  private final Map<String, FileDescriptor> kept = new HashMap<>();
  private AFUNIXDatagramChannel systemd;
  private Map<String, String> environment = Map.of();

  @BeforeEach
  void listen() throws IOException {
    systemd = AFUNIXDatagramChannel.open();
    systemd.bind(AFUNIXSocketAddress.of(folder.resolve("notify")));
    environment = Map.of("NOTIFY_SOCKET", folder.resolve("notify").toString());
  }

  @AfterEach
  void close() throws IOException {
    systemd.close();
  }

  @Test
  void everySocketIsKeptUnderANameUntilItsSessionIsOver() throws IOException {
    Path path = folder.resolve("nix.sock");
    try (ServiceManager manager = ServiceManager.of(environment, 1);
        Tape tape = Tape.ofShim(folder.resolve("spool"), Host.named("hostA"));
        SocketShim _ = SocketShim.listen(path, tape.recorder(), manager, _ -> {})) {
      SocketChannel nix = SocketChannel.open(UnixDomainSocketAddress.of(path));
      assertEquals("FDSTORE=1\nFDNAME=nixtape-socket\nFDPOLL=0\n", receive());
      nix.write(ByteBuffer.wrap("a line\n".getBytes(UTF_8)));
      String stored = receive();
      Tape.await(() -> !tape.entries(LogEntry.Lines.class).isEmpty());
      SessionId session = tape.entries(LogEntry.Lines.class).getFirst().session();
      assertEquals(
          "FDSTORE=1\nFDNAME=nixtape-session-%s\nFDPOLL=0\n".formatted(session.id()), stored);
      assertEquals(2, kept.size());

      nix.close();

      assertEquals(
          "FDSTOREREMOVE=1\nFDNAME=nixtape-session-%s\n".formatted(session.id()), receive());
    }
  }

  @Test
  void aShimThatStopsLeavesItsConnectionsToTheNext() throws IOException {
    Path path = folder.resolve("nix.sock");
    try (Tape tape = Tape.ofShim(folder.resolve("spool"), Host.named("hostA"));
        ServiceManager manager = ServiceManager.of(environment, 1)) {
      try (SocketShim _ = SocketShim.listen(path, tape.recorder(), manager, _ -> {})) {
        SocketChannel nix = SocketChannel.open(UnixDomainSocketAddress.of(path));
        nix.write(ByteBuffer.wrap("a line\n".getBytes(UTF_8)));
        Tape.await(() -> !tape.entries(LogEntry.Lines.class).isEmpty());
      }

      assertTrue(Files.exists(path));
      assertEquals(List.of(), tape.entries(LogEntry.Closed.class));
      assertEquals(1, tape.recorder().open().size());
    }
  }

  @Test
  void socketsAreTakenOnlyWhenTheyAreForThisProcess() throws IOException {
    Map<String, String> passed =
        Map.of(
            "LISTEN_FDS",
            "2",
            "LISTEN_PID",
            "77",
            "LISTEN_FDNAMES",
            "nix.socket:nixtape-session-x");
    try (ServiceManager ours = ServiceManager.of(passed, 77);
        ServiceManager others = ServiceManager.of(passed, 78)) {
      assertEquals(
          List.of(
              new ServiceManager.Passed("nix.socket", 3),
              new ServiceManager.Passed("nixtape-session-x", 4)),
          ours.passed());
      assertEquals(List.of(), others.passed());
      assertFalse(ours.keeps());
    }
  }

  private String receive() throws IOException {
    ByteBuffer message = ByteBuffer.allocate(4096);
    systemd.setAncillaryReceiveBufferSize(1024);
    systemd.receive(message);
    String text = new String(message.array(), 0, message.position(), UTF_8);
    FileDescriptor[] received = systemd.getReceivedFileDescriptors();
    if (received != null && received.length > 0) {
      kept.put(text, received[0]);
    }
    return text;
  }
}
