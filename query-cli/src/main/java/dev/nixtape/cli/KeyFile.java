package dev.nixtape.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.nixtape.projections.control.SigningKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// A key that signs commands, in a file that its user alone can read.
final class KeyFile {
  private KeyFile() {}

  static SigningKey read(Path file) {
    try {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
      if (mode.contains(PosixFilePermission.GROUP_READ)
          || mode.contains(PosixFilePermission.OTHERS_READ)) {
        throw new Failure(
            Failure.FAILED,
            "other users can read %s, so it is no secret any more: make another ('nixtape key generate') and take this one out of the policies"
                .formatted(file));
      }
      return SigningKey.ofPem(Files.readString(file, US_ASCII));
    } catch (NoSuchFileException _) {
      throw new Failure(
          Failure.NOTHING_FOUND,
          "there is no key %s: make one with 'nixtape key generate'".formatted(file));
    } catch (IOException | IllegalArgumentException e) {
      throw new Failure(Failure.FAILED, "cannot read %s: %s".formatted(file, e.getMessage()));
    }
  }

  /// The key of a process, made when there is none.
  static SigningKey own(Path file) {
    return Files.exists(file) ? read(file) : make(file);
  }

  /// Makes a new key. One that is there already is not written over: policies name it.
  static SigningKey make(Path file) {
    SigningKey key = SigningKey.generate();
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      try (SeekableByteChannel out =
          Files.newByteChannel(
              file,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        out.write(ByteBuffer.wrap(key.toPem().getBytes(US_ASCII)));
      }
    } catch (FileAlreadyExistsException _) {
      throw new Failure(
          Failure.FAILED,
          "there is a file %s already, and policies may name the key in it: show it with 'nixtape key show', or name another file"
              .formatted(file));
    } catch (IOException e) {
      throw new Failure(Failure.FAILED, "cannot write %s: %s".formatted(file, e));
    }
    return key;
  }
}
