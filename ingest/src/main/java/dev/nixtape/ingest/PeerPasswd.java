package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;

/// `/etc/passwd` in a process's own root: a peer in a container or chroot has users of its own.
/// Only what root alone can have written is believed.
final class PeerPasswd {
  private static final int MAX_BYTES = 1024 * 1024;

  private PeerPasswd() {}

  static Optional<String> name(Host host, long pid, long uid) {
    Path process = host.process(pid);
    try {
      // in another user namespace the same number is another user
      if (!Files.readString(process.resolve("uid_map"))
          .equals(
              Files.readString(host.process(ProcessHandle.current().pid()).resolve("uid_map")))) {
        return Optional.empty();
      }
    } catch (IOException _) {
      return Optional.empty();
    }
    try (DirectoryStream<Path> root = Files.newDirectoryStream(process.resolve("root"))) {
      if (root instanceof SecureDirectoryStream<Path> secure) {
        try (SecureDirectoryStream<Path> etc =
            secure.newDirectoryStream(Path.of("etc"), LinkOption.NOFOLLOW_LINKS)) {
          return nameIn(etc, uid);
        }
      }
    } catch (IOException | SecurityException _) {
      // gone, or not to be seen by this user
    }
    return Optional.empty();
  }

  private static Optional<String> nameIn(SecureDirectoryStream<Path> etc, long uid)
      throws IOException {
    Path passwd = Path.of("passwd");
    PosixFileAttributes file =
        etc.getFileAttributeView(passwd, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
            .readAttributes();
    if (!onlyRootWrites(etc.getFileAttributeView(PosixFileAttributeView.class).readAttributes())
        || !onlyRootWrites(file)
        || !file.isRegularFile()
        || file.size() > MAX_BYTES) {
      return Optional.empty();
    }
    try (SeekableByteChannel in =
        etc.newByteChannel(passwd, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      String text = new String(Channels.newInputStream(in).readNBytes(MAX_BYTES), UTF_8);
      return text.lines()
          .map(line -> line.split(":", -1))
          .filter(entry ->
              entry.length > 2 && entry[2].equals(Long.toString(uid)) && !entry[0].isEmpty())
          .map(entry -> entry[0])
          .findFirst();
    }
  }

  private static boolean onlyRootWrites(PosixFileAttributes file) throws IOException {
    Set<PosixFilePermission> mode = file.permissions();
    return file.owner().equals(root())
        && !mode.contains(PosixFilePermission.GROUP_WRITE)
        && !mode.contains(PosixFilePermission.OTHERS_WRITE);
  }

  private static Object root() throws IOException {
    return Path.of("/").getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("0");
  }
}
