package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The store as a session's peer sees it, from its own root: it may live in a container or chroot.
/// Stays open when the peer has died.
///
/// Whoever can connect to the socket can name any path here: only plain files of the folder itself
/// are looked at, by the names that store paths have.
final class PeerStore implements AutoCloseable {
  private static final int MAX_DERIVATION_BYTES = 256 * 1024;
  private static final String NAME = "[0-9a-z]{32}-[0-9a-zA-Z+._?=-]+";

  private final Path folder;
  private final SecureDirectoryStream<Path> entries;

  private PeerStore(Path folder, SecureDirectoryStream<Path> entries) {
    this.folder = folder;
    this.entries = entries;
  }

  /// The folder that a store path is in.
  static Path folder(String storePath) throws IOException {
    Path path = Path.of(storePath);
    Path parent = path.getParent();
    if (parent == null || !path.isAbsolute() || !path.normalize().equals(path)) {
      throw new IOException("'%s' is no store path".formatted(storePath));
    }
    return parent;
  }

  static PeerStore open(Host host, Source.@Nullable Process peer, Path folder) throws IOException {
    if (peer == null || peer.pid() <= 0) {
      return new PeerStore(folder, entries(folder));
    }
    Path root = host.process(peer.pid()).resolve("root");
    try {
      return new PeerStore(folder, entries(root.resolve(Path.of("/").relativize(folder))));
    } catch (AccessDeniedException _) {
      // a shim that is not root sees only its own user's processes from inside
      return new PeerStore(folder, entries(folder));
    } catch (NoSuchFileException e) {
      throw new IOException(
          Files.exists(host.process(peer.pid()))
              ? "there is no %s where process %d looks".formatted(folder, peer.pid())
              : "process %d ended before its store could be opened".formatted(peer.pid()),
          e);
    }
  }

  @SuppressWarnings("StreamResourceLeak") // the store holds it open
  private static SecureDirectoryStream<Path> entries(Path folder) throws IOException {
    DirectoryStream<Path> entries = Files.newDirectoryStream(folder);
    if (entries instanceof SecureDirectoryStream<Path> secure) {
      return secure;
    }
    entries.close();
    throw new IOException("the file system of " + folder + " cannot be read by folder");
  }

  Path folder() {
    return folder;
  }

  /// The text of a .drv file.
  String derivation(String drvPath) throws IOException {
    Path name = nameOf(drvPath);
    BasicFileAttributes file;
    try {
      file = attributes(name);
    } catch (NoSuchFileException e) {
      throw new IOException(drvPath + " does not exist", e);
    }
    if (!file.isRegularFile() || !drvPath.endsWith(".drv")) {
      throw new IOException(drvPath + " is no derivation");
    }
    if (file.size() > MAX_DERIVATION_BYTES) {
      throw new IOException(
          "%s has %,d bytes, more than %,d".formatted(drvPath, file.size(), MAX_DERIVATION_BYTES));
    }
    try (SeekableByteChannel in =
        entries.newByteChannel(name, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      return new String(Channels.newInputStream(in).readNBytes(MAX_DERIVATION_BYTES), UTF_8);
    } catch (AccessDeniedException e) {
      throw new IOException("not permitted to read " + drvPath, e);
    }
  }

  /// Whether a path exists as Nix registers it: modified 1 second after the epoch. What a failed
  /// build left there is not.
  boolean registered(String storePath) throws IOException {
    try {
      return attributes(nameOf(storePath)).lastModifiedTime().to(TimeUnit.SECONDS) == 1;
    } catch (NoSuchFileException _) {
      return false;
    }
  }

  @Override
  public void close() {
    try {
      entries.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path nameOf(String storePath) throws IOException {
    Path path = Path.of(storePath);
    Path name = path.getFileName();
    if (name == null || !folder.equals(path.getParent()) || !name.toString().matches(NAME)) {
      throw new IOException("'%s' is no path of the store %s".formatted(storePath, folder));
    }
    return name;
  }

  private BasicFileAttributes attributes(Path name) throws IOException {
    return entries
        .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .readAttributes();
  }
}
