package dev.nixtape.ingest.spool;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.Session;
import dev.nixtape.projections.fold.Fold;
import dev.nixtape.projections.fold.Memory;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.LogEntry.Ending;
import dev.nixtape.projections.tape.Position;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Recordings of real builds, mutated, torn and interleaved, from the read to the fold. The number
/// of cases is `nixtape.fuzz.cases`; a case is made from its number alone.
class FuzzTest {
  private static final int CASES = Integer.getInteger("nixtape.fuzz.cases", 5_000);
  private static final Path RECORDINGS = Path.of("../projections/src/test/resources/recordings");
  private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678Z");

  @TempDir Path folder;

  private List<byte[]> lines = List.of();
  private Spool spool;

  @BeforeEach
  void open() throws IOException {
    lines = new ArrayList<>();
    try (var files = Files.newDirectoryStream(RECORDINGS, "*.log")) {
      for (Path file : files) {
        byte[] recording = Files.readAllBytes(file);
        int begin = 0;
        for (int i = 0; i < recording.length; i++) {
          if (recording[i] == '\n') {
            lines.add(Arrays.copyOfRange(recording, begin, i + 1));
            begin = i + 1;
          }
        }
      }
    }
    spool =
        Spool.open(
            folder.resolve("spool"),
            new SpoolSettings(64L << 20, false, 8, true, 0),
            "hostA",
            AT,
            said -> {
              throw new AssertionError(said);
            });
  }

  @AfterEach
  void close() throws IOException {
    spool.close();
  }

  @Test
  void everyByteIsInTheLogAndTheCountsAddUp() throws IOException {
    for (int number = 0; number < CASES; number++) {
      try {
        new Case(number).run();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("case " + number + ": " + e, e);
      }
    }
  }

  /// Some sessions at once.
  private final class Case {
    private final Random random;
    private final List<Told> sessions = new ArrayList<>();
    private final List<LogEntry> log = new ArrayList<>();
    private final SessionReader.Desk desk;

    Case(int number) {
      this.random = new Random(number);
      this.desk = new SessionReader.Desk(random.nextInt(4) == 0 ? 512 : 128 * 1024);
      for (int i = 1 + random.nextInt(3); i > 0; i--) {
        sessions.add(new Told(number * 4 + i));
      }
    }

    /// A session, and what is still to be read of it.
    private final class Told {
      private final byte[] stream = stream();
      private final SpoolSession session;
      private int at;

      Told(int number) {
        Source.Kind kind = random.nextBoolean() ? Source.Kind.SOCKET : Source.Kind.PIPE;
        Source.Process peer = new Source.Process(number, 0L, "root", List.of("nix"));
        session =
            spool
                .begin(
                    SessionId.at("hostA", AT, number),
                    new Source(kind, "boot", "/s", false, peer, null),
                    AT)
                .orElseThrow();
      }

      boolean isOver() {
        return at == stream.length;
      }

      void read() {
        int count =
            Math.min(1 + random.nextInt(random.nextBoolean() ? 40 : 4000), stream.length - at);
        Instant when = AT.plusMillis(at / 50);
        if (random.nextBoolean()) {
          ByteBuffer landing = session.landing();
          landing.put(stream, at, count);
          session.landed(landing, count, when);
        } else {
          session.append(ByteBuffer.wrap(stream, at, count), when);
        }
        at += count;
      }
    }

    void run() throws IOException {
      while (!sessions.stream().allMatch(Told::isOver)) {
        Told told = sessions.get(random.nextInt(sessions.size()));
        if (!told.isOver()) {
          told.read();
        }
        if (random.nextInt(3) == 0) {
          publish(told);
        }
        if (random.nextInt(20) == 0) {
          told.session.reader.giveTorn((entry, _) -> log.add(entry));
        }
        if (random.nextInt(60) == 0) {
          told.session.reader.rewind();
        }
      }
      for (Told told : sessions) {
        told.session.append(new LogEntry.Closed(told.session.id(), AT, 0, Ending.end()));
        publish(told);
        told.session.finished();
        told.session.reader.close();
      }
      check();
    }

    private void publish(Told told) throws IOException {
      while (told.session.reader.read(desk, 64 * 1024, (entry, _) -> log.add(entry))) {}
    }

    private void check() {
      TreeMap<String, byte[]> store = new TreeMap<>();
      Memory memory = new Memory(new Stored(store));
      Fold fold = new Fold(memory, _ -> {}, _ -> {});
      for (int i = 0; i < log.size(); i++) {
        fold.apply(log.get(i), new Position(0, i));
      }
      for (Told told : sessions) {
        Stream read = Stream.of(told.session.id(), log);
        assertEquals(new String(told.stream, ISO_8859_1), read.text());
        assertEquals(0, read.missing() + read.unexplained());
        Session.Tally tally =
            Memory.endedSession(
                    java.util.Objects.requireNonNull(
                        store.get(Memory.ENDED + told.session.id().key())))
                .tally();
        assertEquals(told.stream.length, tally.bytes());
        assertEquals(lines(told.stream), tally.lines());
        assertEquals(0, tally.missing());
      }
    }

    private static long lines(byte[] stream) {
      long lines = 0;
      for (byte b : stream) {
        lines += b == '\n' ? 1 : 0;
      }
      return stream.length > 0 && stream[stream.length - 1] != '\n' ? lines + 1 : lines;
    }

    private byte[] stream() {
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      int from = random.nextInt(lines.size());
      for (int i = 0; i < 1 + random.nextInt(25); i++) {
        stream.writeBytes(lines.get((from + i) % lines.size()));
      }
      byte[] bytes = stream.toByteArray();
      for (int i = random.nextInt(4); i > 0; i--) {
        bytes = mutated(bytes);
      }
      return bytes;
    }

    private byte[] mutated(byte[] bytes) {
      int at = random.nextInt(bytes.length);
      int length = Math.min(1 + random.nextInt(60), bytes.length - at);
      return switch (random.nextInt(6)) {
        case 0 -> {
          bytes[at] = (byte) random.nextInt(256);
          yield bytes;
        }
        case 1 -> spliced(bytes, at, length, new byte[0]);
        case 2 -> spliced(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length));
        case 3 -> {
          byte[] garbage = new byte[length];
          random.nextBytes(garbage);
          yield spliced(bytes, at, length, garbage);
        }
        case 4 -> spliced(bytes, at, 0, lines.get(random.nextInt(lines.size())));
        default -> spliced(bytes, at, 0, "y".repeat(random.nextInt(3000)).getBytes(ISO_8859_1));
      };
    }

    private static byte[] spliced(byte[] bytes, int at, int without, byte[] with) {
      ByteArrayOutputStream spliced = new ByteArrayOutputStream();
      spliced.write(bytes, 0, at);
      spliced.writeBytes(with);
      spliced.write(bytes, at + without, bytes.length - at - without);
      return spliced.size() == 0 ? bytes : spliced.toByteArray();
    }
  }

  private record Stored(TreeMap<String, byte[]> store) implements KeyValues {
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
  }
}
