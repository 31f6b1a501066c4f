package dev.nixtape.projections.fold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.nixtape.projections.Amendment;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.Session;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.LogEntry.Ending;
import dev.nixtape.projections.tape.Position;
import dev.nixtape.projections.tape.Report;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A log of one host in a test: entries as a shim would write them, folded as they come.
final class Tape {
  static final String HOST = "builder-7";
  static final String BOOT = "boot-1";
  static final Instant BEGIN = Instant.parse("2026-01-31T14:03:00Z");

  private final TreeMap<String, byte[]> store = new TreeMap<>();
  private final KeyValues values =
      new KeyValues() {
        @Override
        public byte @Nullable [] get(String key) {
          return store.get(key);
        }

        @Override
        public void put(String key, byte @Nullable [] value) {
          if (value == null) {
            store.remove(key);
          } else {
            store.put(key, value);
          }
        }

        @Override
        public List<Map.Entry<String, byte[]>> range(String from, String to) {
          return List.copyOf(new TreeMap<>(store.subMap(from, to)).entrySet());
        }
      };
  final List<LogEntry> written = new ArrayList<>();
  final List<Build> finished = new ArrayList<>();
  final List<Amendment> amended = new ArrayList<>();
  private Memory memory = new Memory(values);
  private Fold fold = new Fold(memory, finished::add, amended::add);
  private Instant now = BEGIN;
  private long records;
  private int sessions;

  Instant now() {
    return now;
  }

  void write(LogEntry entry) {
    write(entry, records++);
  }

  void write(LogEntry entry, long at) {
    written.add(entry);
    fold.apply(entry, new Position(0, at));
  }

  /// Nothing but the store is left.
  void restart() {
    memory = new Memory(values);
    fold = new Fold(memory, finished::add, amended::add);
  }

  void later(long ms) {
    now = now.plusMillis(ms);
  }

  /// A stream that a test tells piece by piece.
  final class Stream {
    final SessionId id;
    private long offset;

    private Stream(Source source) {
      this.id = SessionId.at(HOST, now, ++sessions);
      write(new LogEntry.Opened(id, now, source));
    }

    Stream tell(byte[] bytes) {
      if (bytes.length > 0) {
        write(new LogEntry.Lines(id, now, offset, ByteSlice.of(bytes)));
        offset += bytes.length;
      }
      return this;
    }

    Stream tell(String... lines) {
      for (String line : lines) {
        tell(ByteSlice.of(line + "\n").toArray());
        later(1);
      }
      return this;
    }

    long offset() {
      return offset;
    }

    void skip(long bytes) {
      offset += bytes;
    }

    void close() {
      close(Ending.end());
    }

    void close(Ending ending) {
      write(new LogEntry.Closed(id, now, offset, ending));
    }
  }

  /// The connection of a `nix` process of alice's.
  Stream client(long pid) {
    return new Stream(
        new Source(
            Source.Kind.SOCKET,
            BOOT,
            "/run/nix.sock",
            false,
            new Source.Process(pid, 1000L, "alice", List.of("nix", "build")),
            null));
  }

  /// The connection of the daemon worker that serves it.
  Stream worker(long client) {
    return worker(client, false);
  }

  Stream worker(long client, boolean observed) {
    return new Stream(
        new Source(
            Source.Kind.SOCKET,
            BOOT,
            "/run/nix.sock",
            observed,
            new Source.Process(
                client + 1, 0L, "root", List.of("nix-daemon", Long.toString(client))),
            new Source.Process(client, 1000L, "alice", List.of("nix", "build"))));
  }

  /// The host's control agent says something.
  void report(Report report) {
    write(new LogEntry.Reported(new SessionId(HOST, "agent"), now, report));
  }

  Stream file() {
    return new Stream(new Source(Source.Kind.FILE, BOOT, "/run/nix.sock", false, null, null));
  }

  Stream pipe() {
    return new Stream(new Source(Source.Kind.PIPE, BOOT, "", false, null, null));
  }

  List<Build> builds() {
    return finished.stream().filter(build -> build.kind() == Build.Kind.BUILD).toList();
  }

  Build build(String name) {
    return finished.stream()
        .filter(build -> build.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no fact about " + name + " in " + finished));
  }

  /// What became of a build, with what was told of it later.
  Build amended(String name) {
    Build build = build(name);
    for (Amendment amendment : amended) {
      if (amendment.id().equals(build.id())) {
        assertNull(build.used(), "told twice: " + amended);
        assertEquals(build.name(), amendment.name());
        assertEquals(build.finishedAt(), amendment.finishedAt());
        build = build.withUsed(amendment.used());
      }
    }
    return build;
  }

  List<Build> live() {
    return memory.activities();
  }

  List<Session> endedSessions() {
    return values(Memory.ENDED).map(Memory::endedSession).toList();
  }

  List<Session> openSessions() {
    return memory.sessions();
  }

  private java.util.stream.Stream<byte[]> values(String table) {
    return store.subMap(table, table + "\uffff").values().stream();
  }

  /// Everything that is remembered.
  Map<String, String> remembered() {
    Map<String, String> text = new TreeMap<>();
    store.forEach((key, value) -> text.put(key, ByteSlice.of(value).toString()));
    return text;
  }

  static byte[] recording(String name) {
    try (var file = Tape.class.getResourceAsStream("/recordings/" + name + ".log")) {
      return java.util.Objects.requireNonNull(file, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
