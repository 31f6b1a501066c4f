package dev.nixtape.cli.doctor;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/// Is the socket there, may every Nix write to it, and does anybody listen?
final class SocketCheck {
  static final String ABOUT = "socket";

  /// Linux's `sun_path` has 108 bytes, and one of them ends it.
  private static final int PATH_BYTES = 107;

  /// The kind of a file in its mode, inode(7).
  private static final int KIND = 0170000;

  private static final int SOCKET = 0140000;

  private static final Set<PosixFilePermission> ALL_WRITE =
      EnumSet.of(
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_WRITE);

  private static final String START = "start a shim: nixtape up, or nixtape ingest";

  private final Machine machine;
  private final Path socket;
  private final boolean answered;

  /// @param answered a shim says that it listens there: then nobody connects to see
  SocketCheck(Machine machine, Path socket, boolean answered) {
    this.machine = machine;
    this.socket = socket;
    this.answered = answered;
  }

  Finding finding() {
    int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > PATH_BYTES) {
      return Finding.wrong(
          ABOUT,
          "%s is %d bytes long, and a socket's path has at most %d"
              .formatted(socket, length, PATH_BYTES),
          "choose a shorter folder with --socket-dir, for the shim and in nix.conf");
    }
    try {
      int mode = (Integer) Files.getAttribute(machine.at(socket), "unix:mode");
      return (mode & KIND) == SOCKET ? socket() : noSocket();
    } catch (NoSuchFileException _) {
      return answered
          ? Finding.wrong(
              ABOUT,
              "%s is gone, though a shim listens there: no Nix finds it".formatted(socket),
              "restart the shim; and see what deletes files there")
          : Finding.wrong(ABOUT, "%s is not there: nobody listens".formatted(socket), START);
    } catch (AccessDeniedException _) {
      return closed(closedFolder().map(Folder::toString).orElse("a folder above it"));
    } catch (IOException e) {
      return Finding.wrong(
          ABOUT,
          "%s cannot be looked at: %s".formatted(socket, e.getMessage()),
          "see whether the disk is well");
    }
  }

  private Finding noSocket() throws IOException {
    return Files.isRegularFile(machine.at(socket))
        ? Finding.wrong(
            ABOUT,
            "%s is a file: Nix made it because nobody listened, and %s wait in it"
                .formatted(socket, new Size(Files.size(machine.at(socket)))),
            answered
                ? "restart the shim: it publishes the file and puts its socket there"
                : START + ": it publishes the file and puts its socket there")
        : Finding.wrong(
            ABOUT,
            "%s is neither a socket nor a file".formatted(socket),
            "move it away, and restart the shim");
  }

  private Finding socket() throws IOException {
    Set<PosixFilePermission> may = Files.getPosixFilePermissions(machine.at(socket));
    if (!may.containsAll(ALL_WRITE)) {
      return Finding.wrong(
          ABOUT,
          "%s is %s: not every user's Nix can write to it"
              .formatted(socket, PosixFilePermissions.toString(may)),
          "chmod 666 %s, or restart the shim".formatted(socket));
    }
    if (!answered) {
      Optional<Finding> deaf = deaf();
      if (deaf.isPresent()) {
        return deaf.get();
      }
    }
    return closedFolder()
        .map(folder -> closed(folder.toString()))
        .orElseGet(() ->
            Finding.ok(ABOUT, "%s is there, and everybody can write to it".formatted(socket)));
  }

  /// Connects as Nix would, and goes away. A shim records that as a session without a line.
  private Optional<Finding> deaf() {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.configureBlocking(false);
      if (channel.connect(UnixDomainSocketAddress.of(machine.at(socket)))) {
        return Optional.empty();
      }
      return Optional.of(
          Finding.wrong(
              ABOUT,
              "whoever listens at %s accepts nobody: every Nix that starts waits for it"
                  .formatted(socket),
              "restart the shim"));
    } catch (ConnectException _) {
      return Optional.of(
          Finding.wrong(
              ABOUT,
              "%s is left over from a shim that is gone: nobody listens".formatted(socket),
              START));
    } catch (IOException e) {
      return Optional.of(
          Finding.wrong(
              ABOUT,
              "%s cannot connect to %s: %s".formatted(machine.user(), socket, e.getMessage()),
              "restart the shim, as root when it is for every user"));
    }
  }

  private record Folder(Path path, String permissions) {
    @Override
    public String toString() {
      return "%s is %s".formatted(path, permissions);
    }
  }

  /// A socket below a user's own folder is that user's choice; but others should know.
  private Finding closed(String folder) {
    return Finding.note(
        ABOUT,
        "%s: others than its owner and root cannot reach %s".formatted(folder, socket),
        "for every user's Nix run the shim as root with --socket-dir /run/nixtape; the daemon, which is root, is recorded anyway");
  }

  private Optional<Folder> closedFolder() {
    for (Path folder = socket.getParent(); folder != null; folder = folder.getParent()) {
      try {
        Set<PosixFilePermission> may = Files.getPosixFilePermissions(machine.at(folder));
        if (!may.contains(PosixFilePermission.OTHERS_EXECUTE)) {
          return Optional.of(new Folder(folder, PosixFilePermissions.toString(may)));
        }
      } catch (IOException _) {
        // What is above it keeps this user out.
      }
    }
    return Optional.empty();
  }
}
