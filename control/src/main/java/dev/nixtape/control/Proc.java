package dev.nixtape.control;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.control.Builder.Pid;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What the kernel says of processes (proc(5)). A process that is gone, or that this one may not
/// see, has nothing to say: an empty answer.
///
/// @param folder `/proc`
record Proc(Path folder) {
  /// `sysconf(_SC_CLK_TCK)`, the kernel's USER_HZ: 100 on every architecture that Nix builds on.
  private static final int TICKS_A_SECOND = 100;

  /// Those of `/proc/PID/stat` behind the name that are read.
  private static final int FIELDS = 22;

  private static final int MAX_ENVIRONMENT_BYTES = 512 * 1024;
  private static final int LINE_BYTES = 1024;
  private static final int MAX_BYTES = 1024 * 1024;

  /// Its line in `/proc/PID/stat`.
  ///
  /// @param cpuUserTicks its own and of the children that it waited for
  /// @param rssPages resident memory
  record Stat(
      Pid process, char state, long parent, long cpuUserTicks, long cpuSystemTicks, long rssPages) {
    static Stat parse(long pid, String line) {
      // the name, in parentheses, may hold anything
      long[] fields = new long[FIELDS];
      int at = line.lastIndexOf(')') + 4;
      for (int field = 1; field < FIELDS; field++) {
        fields[field] = KernelFile.number(line, at);
        at = line.indexOf(' ', at) + 1;
      }
      return new Stat(
          new Pid(pid, fields[19]),
          line.charAt(line.lastIndexOf(')') + 2),
          fields[1],
          fields[11] + fields[13],
          fields[12] + fields[14],
          fields[21]);
    }

    /// Whether it does nothing any more but wait for its parent to notice.
    boolean ended() {
      return state == 'Z' || state == 'X';
    }

    boolean stopped() {
      return state == 'T';
    }

    long cpuUserMs() {
      return cpuUserTicks * 1000 / TICKS_A_SECOND;
    }

    long cpuSystemMs() {
      return cpuSystemTicks * 1000 / TICKS_A_SECOND;
    }
  }

  Path of(long pid) {
    return folder.resolve(Long.toString(pid));
  }

  Optional<Stat> stat(long pid) {
    String line = line(of(pid).resolve("stat"));
    return line.isEmpty() ? Optional.empty() : Optional.of(Stat.parse(pid, line));
  }

  /// Its resident memory; 0 when it has ended.
  long residentPages(long pid) {
    String line = line(of(pid).resolve("statm"));
    return KernelFile.number(line, line.indexOf(' ') + 1);
  }

  /// The process that has a number now.
  Optional<Pid> process(long pid) {
    return stat(pid).map(Stat::process);
  }

  /// When a process was started.
  Instant began(Pid process, Instant now) {
    double uptime = Double.parseDouble(words(text(folder.resolve("uptime"))).getFirst());
    return now.minusMillis(Math.round(uptime * 1000) - process.start() * 1000 / TICKS_A_SECOND);
  }

  boolean runs(Pid process) {
    return stat(process.pid())
        .filter(stat -> stat.process().equals(process) && !stat.ended())
        .isPresent();
  }

  /// All processes that this one may see.
  List<Long> all() {
    return numbers(folder);
  }

  /// Those that it started, or that were left to it.
  List<Long> children(long pid) {
    List<Long> children = new ArrayList<>();
    // each thread has its own
    for (long thread : numbers(of(pid).resolve("task"))) {
      Path file = of(pid).resolve("task/%d/children".formatted(thread));
      for (String child : words(text(file))) {
        children.add(Long.valueOf(child));
      }
    }
    return children;
  }

  /// The user that it runs as, by this host's numbers.
  OptionalLong uid(long pid) {
    Optional<String> ids = status(pid, "Uid:");
    return ids.isPresent()
        ? OptionalLong.of(Long.parseLong(words(ids.get()).getFirst()))
        : OptionalLong.empty();
  }

  /// Whether its pids mean the same processes as this one's.
  boolean sharesPids(long pid) {
    return status(pid, "NSpid:").filter(pids -> words(pids).size() == 1).isPresent();
  }

  private Optional<String> status(long pid, String key) {
    return text(of(pid).resolve("status"))
        .lines()
        .filter(line -> line.startsWith(key))
        .map(line -> line.substring(key.length()))
        .findFirst();
  }

  /// The path of its cgroup below the mount of cgroup v2.
  Optional<String> cgroup(long pid) {
    return text(of(pid).resolve("cgroup"))
        .lines()
        .filter(line -> line.startsWith("0::"))
        .map(line -> line.substring("0::".length()))
        .findFirst();
  }

  /// The controllers that are still in cgroup v1, by the names that v2 has for them.
  Set<String> controllersOfV1() {
    return text(folder.resolve("cgroups"))
        .lines()
        .map(Proc::words)
        .filter(fields ->
            fields.size() > 1 && !fields.getFirst().startsWith("#") && !fields.get(1).equals("0"))
        .map(fields -> fields.getFirst().equals("blkio") ? "io" : fields.getFirst())
        .collect(Collectors.toSet());
  }

  /// Where cgroup v2 is mounted: `/sys/fs/cgroup`, or a folder in it beside v1's.
  Optional<Path> cgroups() {
    return mounts("self").stream()
        .filter(mount -> mount.type().equals("cgroup2"))
        .map(mount -> Path.of(mount.at()))
        .findFirst();
  }

  /// The folder that a process sees as `/`, as the path that it has in its file system.
  Optional<String> rootInFileSystem(long pid) {
    // what was mounted last lies on top
    return mounts(Long.toString(pid)).reversed().stream()
        .filter(mount -> mount.at().equals("/"))
        .map(Mount::root)
        .findFirst();
  }

  /// @param root the folder of the file system that is mounted
  private record Mount(String root, String at, String type) {}

  private List<Mount> mounts(String process) {
    List<Mount> mounts = new ArrayList<>();
    for (String line : text(folder.resolve(process).resolve("mountinfo")).lines().toList()) {
      List<String> fields = words(line);
      int end = fields.indexOf("-");
      if (end > 4 && end + 1 < fields.size()) {
        mounts.add(new Mount(fields.get(3), fields.get(4), fields.get(end + 1)));
      }
    }
    return mounts;
  }

  /// The folder that it sees as `/`.
  Optional<Inode> root(long pid) {
    return Inode.of(of(pid).resolve("root"));
  }

  List<String> command(long pid, int maxBytes) {
    return split(read(of(pid).resolve("cmdline"), maxBytes));
  }

  /// What it was started with; it may have written over it since.
  SortedMap<String, String> environment(long pid) {
    SortedMap<String, String> environment = new TreeMap<>();
    for (String entry : split(read(of(pid).resolve("environ"), MAX_ENVIRONMENT_BYTES))) {
      int equals = entry.indexOf('=');
      if (equals > 0) {
        environment.put(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
    return environment;
  }

  /// The files that it has open, by the paths that it knows them by.
  List<String> openFiles(long pid) {
    List<String> files = new ArrayList<>();
    Path descriptors = of(pid).resolve("fd");
    for (long descriptor : numbers(descriptors)) {
      try {
        files.add(
            Files.readSymbolicLink(descriptors.resolve(Long.toString(descriptor))).toString());
      } catch (IOException _) {
        // closed meanwhile
      }
    }
    return files;
  }

  /// Which files each process has locked for itself alone (flock(2)), by their inodes' numbers:
  /// devices stand there as no stat(2) tells them on btrfs.
  Map<Long, Set<Long>> locks() {
    Map<Long, Set<Long>> locks = new TreeMap<>();
    Stream<String> lines = text(folder.resolve("locks")).lines();
    for (String line : lines.filter(line -> line.contains("FLOCK")).toList()) {
      // 1: FLOCK  ADVISORY  WRITE 27948 fe:00:1550126 0 EOF, or `1: -> FLOCK …` for who waits
      List<String> fields = words(line);
      if (fields.size() > 5 && fields.get(3).equals("WRITE")) {
        String inode = fields.get(5).substring(fields.get(5).lastIndexOf(':') + 1);
        locks
            .computeIfAbsent(Long.valueOf(fields.get(4)), _ -> new HashSet<>())
            .add(Long.valueOf(inode));
      }
    }
    return locks;
  }

  /// What the kernel tells of each process in every round, and so with fewer calls.
  private static String line(Path file) {
    byte[] bytes = new byte[LINE_BYTES];
    try (FileInputStream in = new FileInputStream(file.toFile())) {
      return new String(bytes, 0, Math.max(in.read(bytes), 0), ISO_8859_1);
    } catch (IOException _) {
      return "";
    }
  }

  private static List<Long> numbers(Path folder) {
    List<Long> numbers = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "[0-9]*")) {
      for (Path entry : entries) {
        numbers.add(Long.valueOf(String.valueOf(entry.getFileName())));
      }
    } catch (IOException | DirectoryIteratorException _) {
      // gone, or another user's
    }
    return numbers;
  }

  String text(Path file) {
    return new String(read(file, MAX_BYTES), UTF_8);
  }

  private static byte[] read(Path file, int max) {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(max);
    } catch (IOException _) {
      return new byte[0];
    }
  }

  static List<String> words(String text) {
    return text.isBlank() ? List.of() : List.of(text.strip().split("\\s+"));
  }

  private static List<String> split(byte[] strings) {
    String text = new String(strings, UTF_8);
    return text.isEmpty() ? List.of() : List.of(text.split("\0"));
  }
}
