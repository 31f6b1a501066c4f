package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketCredentials;

/// The place in the file system where a shim listens, and what may already be there.
///
/// @param path absolute
record SocketPath(Path path) {
  /// Linux `sockaddr_un` holds 108 bytes with the zero at the end.
  private static final int MAX_BYTES = 107;

  SocketPath {
    int bytes = path.toString().getBytes(UTF_8).length;
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "the socket's path has %d bytes, more than the %d that Linux allows: choose a shorter folder than %s"
              .formatted(bytes, MAX_BYTES, path.getParent()));
    }
  }

  /// Makes room for a new socket: a socket that nobody listens on any more goes, a file that Nix
  /// wrote there is put aside. Throws an exception that names the one who listens, when somebody
  /// does.
  void makeRoom(Host host) throws IOException {
    makeFolder();
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    BasicFileAttributes found =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (found.isRegularFile()) {
      FoundFile.putAside(path, host);
    } else if (found.isOther()) {
      refuseWhenAlive(host);
      Files.delete(path);
    } else {
      throw new IOException(
          "%s is a folder or link, no socket: remove it, or choose another folder".formatted(path));
    }
  }

  private void makeFolder() throws IOException {
    Path folder = path.getParent();
    if (folder != null && !Files.exists(folder)) {
      Files.createDirectories(folder);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private void refuseWhenAlive(Host host) throws IOException {
    try (AFUNIXSocketChannel channel = AFUNIXSocketChannel.open(AFUNIXSocketAddress.of(path))) {
      AFUNIXSocketCredentials listener = channel.getPeerCredentials();
      Source.Process process = host.process(listener.getPid(), listener.getUid());
      throw new AlreadyListening(
          "another nixtape (or other program) listens on %s: process %d, %s; stop it, or choose another folder"
              .formatted(path, process.pid(), String.join(" ", process.command())));
    } catch (AlreadyListening e) {
      throw e;
    } catch (IOException refused) {
      confirmDead(refused);
    }
  }

  /// junixsocket does not tell by the exception's type why it could not connect; the JDK does.
  private void confirmDead(IOException refused) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      throw new AlreadyListening(
          "another nixtape (or other program) listens on %s, which answers %s"
              .formatted(path, channel.isConnected()));
    } catch (ConnectException _) {
      // nobody listens
    } catch (AlreadyListening e) {
      throw e;
    } catch (IOException e) {
      e.addSuppressed(refused);
      throw new IOException(
          "cannot find out whether somebody listens on %s: %s".formatted(path, e.getMessage()), e);
    }
  }

  private static final class AlreadyListening extends IOException {
    private static final long serialVersionUID = 1;

    AlreadyListening(String message) {
      super(message);
    }
  }
}
