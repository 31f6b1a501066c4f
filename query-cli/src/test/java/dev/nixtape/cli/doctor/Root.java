package dev.nixtape.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/// The file system of a machine, in a folder.
final class Root {
  static final Instant NOW = Instant.parse("2026-01-31T14:03:00Z");
  static final Path SOCKET = Path.of("/run/nixtape/nix.sock");

  private final Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private String user = "root";

  Root(Path folder) throws IOException {
    this.folder = folder;
    // JUnit's is for its owner alone, and / is not.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  Root file(String path, String text) throws IOException {
    Path file = at(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    return this;
  }

  Root program(String path, String text) throws IOException {
    file(path, "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(at(path), PosixFilePermissions.fromString("rwxr-xr-x"));
    return this;
  }

  Root changed(String path, Instant at) throws IOException {
    Files.setLastModifiedTime(at(path), FileTime.from(at));
    return this;
  }

  /// A process as /proc shows it, of a machine that booted at `NOW` minus a day.
  Root process(long pid, long parent, Instant startedAt, String... command) throws IOException {
    Instant boot = NOW.minusSeconds(86_400);
    file("/proc/stat", "cpu  1 2 3\nbtime %d\nprocesses 7\n".formatted(boot.getEpochSecond()));
    long ticks = (startedAt.toEpochMilli() - boot.toEpochMilli()) / 10;
    file("/proc/" + pid + "/cmdline", String.join("\0", command) + "\0");
    return file(
        "/proc/" + pid + "/stat",
        "%d (a b) c) S %d 1 1 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 1 0 %d 1 1\n"
            .formatted(pid, parent, ticks));
  }

  Root variable(String name, String value) {
    environment.put(name, value);
    return this;
  }

  Root user(String name) {
    user = name;
    return this;
  }

  Path at(String path) {
    return folder.resolve(path.substring(1));
  }

  Machine machine() {
    return machine(NOW);
  }

  Machine machine(Instant now) {
    return new Machine(folder, environment, user, Path.of("/home/alice"), now);
  }
}
