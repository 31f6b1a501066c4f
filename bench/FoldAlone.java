import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.fold.Fold;
import dev.nixtape.projections.fold.Memory;
import dev.nixtape.projections.nix.NixLine;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Position;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import dev.nixtape.projections.tape.Topic;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The fold of a recording without Kafka and without stores, in lines a second of processor time, which other work on the machine
/// disturbs less than it does the clock's; and beside it, of every line only the parse.
///
/// Arguments: `FILE PASSES`. A line a pass: the fold's lines/s, the parser's, and how many activities finished.
final class FoldAlone {
  private static final Instant AT = Instant.parse("2026-01-31T14:03:00Z");
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  public static void main(String[] arguments) throws Exception {
    List<ByteSlice> chunks = chunks(Files.readAllBytes(Path.of(arguments[0])));
    long lines = chunks.stream().mapToLong(FoldAlone::parse).sum();
    int passes = Integer.parseInt(arguments[1]);
    for (int pass = 0; pass < passes; pass++) {
      long began = THREADS.getCurrentThreadCpuTime();
      int finished = fold(chunks);
      long folded = THREADS.getCurrentThreadCpuTime();
      for (ByteSlice chunk : chunks) {
        parse(chunk);
      }
      long parsed = THREADS.getCurrentThreadCpuTime();
      System.out.printf(
          "%.0f %.0f %d%n", 1e9 * lines / (folded - began), 1e9 * lines / (parsed - folded), finished);
    }
  }

  private static int fold(List<ByteSlice> chunks) {
    SessionId session = new SessionId("host", "session");
    int[] finished = {0};
    Fold fold = new Fold(new Memory(new InMemory()), _ -> finished[0]++, _ -> {});
    Source source =
        new Source(Source.Kind.PIPE, "boot", "", false, new Source.Process(1, 0L, "root", List.of()), null);
    fold.apply(new LogEntry.Opened(session, AT, source), new Position(0, 0));
    long offset = 0;
    long record = 1;
    for (ByteSlice chunk : chunks) {
      LogEntry lines = new LogEntry.Lines(session, AT, offset, chunk);
      fold.apply(lines, new Position(0, record++));
      offset += chunk.length();
    }
    LogEntry closed = new LogEntry.Closed(session, AT, offset, LogEntry.Ending.end());
    fold.apply(closed, new Position(0, record));
    return finished[0];
  }

  private static long parse(ByteSlice chunk) {
    long lines = 0;
    int from = 0;
    for (int end; (end = chunk.indexOf((byte) '\n', from)) >= 0; from = end + 1) {
      if (NixLine.parse(chunk.first(end).from(from)) != null) {
        lines++;
      }
    }
    return lines;
  }

  /// As the shim cuts them under load.
  private static List<ByteSlice> chunks(byte[] recording) {
    List<ByteSlice> chunks = new ArrayList<>();
    for (int from = 0; from < recording.length; ) {
      int to = Math.min(recording.length, from + Topic.CHUNK_BYTES);
      while (to < recording.length && recording[to - 1] != '\n') {
        to--;
      }
      chunks.add(ByteSlice.of(recording, from, to));
      from = to;
    }
    return chunks;
  }

  private static final class InMemory implements KeyValues {
    private final TreeMap<String, byte[]> entries = new TreeMap<>();

    @Override
    public byte[] get(String key) {
      return entries.get(key);
    }

    @Override
    public void put(String key, byte[] value) {
      if (value == null) {
        entries.remove(key);
      } else {
        entries.put(key, value);
      }
    }

    @Override
    public List<Map.Entry<String, byte[]>> range(String from, String to) {
      return List.copyOf(entries.subMap(from, to).entrySet());
    }
  }
}
