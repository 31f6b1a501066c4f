package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// The machine that a shim runs on: its name, its boot, its clock, and what its kernel says of a
/// process.
public final class Host {
  /// A command line may be megabytes long, and an entry must fit into a record.
  private static final int COMMAND_BYTES = 32 * 1024;

  private final String name;
  private final String boot;
  private final InstantSource clock;
  private final Path proc;

  Host(String name, String boot, InstantSource clock, Path proc) {
    this.name = name;
    this.boot = boot;
    this.clock = clock;
    this.proc = proc;
  }

  /// This machine under its own name.
  public static Host local() {
    String name = firstLine(Path.of("/proc/sys/kernel/hostname"));
    return named(name.isEmpty() ? "localhost" : name);
  }

  /// This machine under another name.
  public static Host named(String name) {
    String boot = firstLine(Path.of("/proc/sys/kernel/random/boot_id"));
    return new Host(name, boot, Clock.systemUTC(), Path.of("/proc"));
  }

  public String name() {
    return name;
  }

  /// Differs after every start of the machine; "" where it does not say.
  public String boot() {
    return boot;
  }

  Instant now() {
    return clock.instant();
  }

  SessionId newSession() {
    return SessionId.at(name, now(), ThreadLocalRandom.current().nextInt());
  }

  /// The folder in which the kernel shows a process.
  Path process(long pid) {
    return proc.resolve(Long.toString(pid));
  }

  /// A process as it is now. What cannot be seen any more is absent.
  public Source.Process process(long pid, @Nullable Long uid) {
    return new Source.Process(pid, uid, uid == null ? null : user(pid, uid), command(pid));
  }

  /// The user that this process runs as, for input of which nobody knows who wrote it.
  public Source.Process ownUser() {
    long pid = ProcessHandle.current().pid();
    Long uid = uid(pid).orElse(null);
    return new Source.Process(0, uid, uid == null ? null : user(pid, uid), List.of());
  }

  /// The client that a daemon's worker serves: Nix writes the client's pid over its first argument.
  /// Empty when that is no worker, or one in a pid namespace of its own, whose numbers mean other
  /// processes here.
  Optional<Source.Process> clientOf(Source.Process worker) {
    List<String> command = worker.command();
    if (command.size() < 2
        || !command.getFirst().replaceFirst(".*/", "").equals("nix-daemon")
        || !command.get(1).matches("[1-9][0-9]{0,9}")
        || !pidsMeanTheSame(worker.pid())) {
      return Optional.empty();
    }
    long pid = Long.parseLong(command.get(1));
    return Optional.of(process(pid, uid(pid).orElse(null)));
  }

  /// Whether another process has a file open, as far as this one may see.
  boolean hasOpen(Path file) throws IOException {
    Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    String own = Long.toString(ProcessHandle.current().pid());
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[1-9]*")) {
      for (Path process : processes) {
        if (!process.endsWith(own) && hasOpen(process, key)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean hasOpen(Path process, Object key) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        if (key.equals(keyOf(descriptor))) {
          return true;
        }
      }
    } catch (IOException | DirectoryIteratorException _) {
      // gone, or another user's
    }
    return false;
  }

  private static @Nullable Object keyOf(Path file) {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    } catch (IOException _) {
      return null;
    }
  }

  private List<String> command(long pid) {
    byte[] line;
    try (InputStream in = Files.newInputStream(process(pid).resolve("cmdline"))) {
      line = in.readNBytes(COMMAND_BYTES);
    } catch (IOException _) {
      return List.of();
    }
    List<String> words = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < line.length; i++) {
      if (line[i] == 0) {
        words.add(new String(line, start, i - start, UTF_8));
        start = i + 1;
      }
    }
    if (start < line.length) {
      words.add(new String(line, start, line.length - start, UTF_8));
    }
    // a worker's first argument is padded with zero bytes to the length it had before
    while (!words.isEmpty() && words.getLast().isEmpty()) {
      words.removeLast();
    }
    return words;
  }

  private Optional<Long> uid(long pid) {
    return status(pid, "Uid:").map(ids -> Long.valueOf(ids[1]));
  }

  private boolean pidsMeanTheSame(long pid) {
    return status(pid, "NSpid:").map(pids -> pids.length == 1).orElse(true);
  }

  /// The numbers behind a key of `/proc/PID/status`.
  private Optional<String[]> status(long pid, String key) {
    try {
      for (String line : Files.readAllLines(process(pid).resolve("status"), UTF_8)) {
        if (line.startsWith(key)) {
          return Optional.of(line.substring(key.length()).strip().split("\\s+"));
        }
      }
    } catch (IOException _) {
      // gone
    }
    return Optional.empty();
  }

  /// The name of a process's user: the one that it knows itself by when it lives in a root of its
  /// own, else this machine's.
  private @Nullable String user(long pid, long uid) {
    Path folder = process(pid);
    if (!Objects.equals(keyOf(Path.of("/")), keyOf(folder.resolve("root")))) {
      Optional<String> name = PeerPasswd.name(this, pid, uid);
      if (name.isPresent()) {
        return name.get();
      }
    }
    try {
      if (Integer.toUnsignedLong((Integer) Files.getAttribute(folder, "unix:uid")) == uid) {
        String owner = Files.getOwner(folder).getName();
        // a uid without a name is shown as its number
        return owner.matches("[0-9]+") ? null : owner;
      }
    } catch (IOException _) {
      // gone
    }
    return null;
  }

  private static String firstLine(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException _) {
      return "";
    }
  }
}
