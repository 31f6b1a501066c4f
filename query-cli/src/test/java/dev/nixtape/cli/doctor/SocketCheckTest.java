package dev.nixtape.cli.doctor;

import static dev.nixtape.cli.doctor.Root.SOCKET;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.cli.doctor.Finding.Level;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketCheckTest {
  @TempDir Path folder;
  private Root root;

  @BeforeEach
  void make() throws IOException {
    root = new Root(folder).file("/run/nixtape/x", "");
    permit("/run/nixtape", "rwxr-xr-x");
  }

  private ServerSocketChannel listen() throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(root.at(SOCKET.toString())));
    permit(SOCKET.toString(), "rw-rw-rw-");
    return server;
  }

  private void permit(String path, String permissions) throws IOException {
    Files.setPosixFilePermissions(root.at(path), PosixFilePermissions.fromString(permissions));
  }

  private Finding finding(boolean answered) {
    return new SocketCheck(root.machine(), SOCKET, answered).finding();
  }

  @Test
  void aSocketThatSomebodyListensToIsWell() throws IOException {
    try (ServerSocketChannel _ = listen()) {
      assertEquals(
          Finding.ok("socket", "/run/nixtape/nix.sock is there, and everybody can write to it"),
          finding(false));
    }
  }

  @Test
  void withoutASocketNobodyListens() {
    Finding finding = finding(false);

    assertEquals(Level.WRONG, finding.level());
    assertEquals("/run/nixtape/nix.sock is not there: nobody listens", finding.what());
  }

  @Test
  void aSocketThatWasDeletedUnderAShimIsNamed() {
    assertTrue(finding(true).what().contains("is gone, though a shim listens"));
  }

  @Test
  void aSocketThatItsShimLeftIsNamed() throws IOException {
    listen().close();

    Finding finding = finding(false);

    assertEquals(Level.WRONG, finding.level());
    assertTrue(finding.what().contains("left over"), finding.what());
  }

  @Test
  void aFileInPlaceOfTheSocketHoldsWhatNixWrote() throws IOException {
    root.file(SOCKET.toString(), "{}\n");

    Finding finding = finding(false);

    assertEquals(Level.WRONG, finding.level());
    assertTrue(finding.what().contains("3 bytes wait in it"), finding.what());
  }

  @Test
  void aFolderInPlaceOfTheSocketIsNamed() throws IOException {
    Files.createDirectory(root.at(SOCKET.toString()));

    assertTrue(finding(false).what().contains("neither a socket nor a file"));
  }

  @Test
  void aSocketThatNotEveryoneMayWriteToIsWrong() throws IOException {
    try (ServerSocketChannel _ = listen()) {
      permit(SOCKET.toString(), "rw-rw-r--");

      Finding finding = finding(false);

      assertEquals(Level.WRONG, finding.level());
      assertTrue(finding.what().contains("rw-rw-r--"), finding.what());
    }
  }

  @Test
  void aFolderThatIsClosedToOthersIsNoted() throws IOException {
    try (ServerSocketChannel _ = listen()) {
      permit("/run/nixtape", "rwx------");

      Finding finding = finding(true);

      assertEquals(Level.NOTE, finding.level());
      assertTrue(finding.what().startsWith("/run/nixtape is rwx------:"), finding.what());
    }
  }

  @Test
  void aPathThatIsTooLongForASocketIsRefused() {
    Path path = Path.of("/run/" + "x".repeat(95) + "/nix.sock");

    Finding finding = new SocketCheck(root.machine(), path, false).finding();

    assertEquals(Level.WRONG, finding.level());
    assertTrue(finding.what().contains("109 bytes"), finding.what());
  }
}
