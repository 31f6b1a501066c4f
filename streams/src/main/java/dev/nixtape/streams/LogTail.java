package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.nix.ActivityType;
import dev.nixtape.projections.nix.NixEvent;
import dev.nixtape.projections.nix.NixLine;
import dev.nixtape.projections.tape.LogEntry;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/// The last lines of a build's log, from records that begin anywhere in it.
final class LogTail {
  private static final int LINES = 40;

  private final Build build;
  private final String drvPath;

  /// Nix's id of the build, and of a remote machine's account of it, which has the log.
  private final Set<Long> ids = new HashSet<>();

  private final Map<String, Deque<String>> bySession = new HashMap<>();

  /// The stream that told first that the build ended: it told all of the log.
  private @Nullable Deque<String> whole;

  LogTail(Build build) {
    this.build = build;
    this.drvPath = String.valueOf(build.drvPath());
    ids.add(Long.parseUnsignedLong(build.nixId()));
  }

  void hear(ConsumerRecord<byte[], byte[]> record) {
    if (!new String(record.key(), UTF_8).startsWith(build.host() + "/")
        || !(LogRecords.read(record.key(), record.timestamp(), record.value(), record.headers())
            instanceof LogEntry.Lines lines)) {
      return;
    }
    // Most records are about other builds: to look for the id is much less than to read each line.
    String text = new String(record.value(), ISO_8859_1);
    if (ids.stream().noneMatch(id -> text.contains(Long.toUnsignedString(id)))
        && !text.contains(drvPath)) {
      return;
    }
    ByteSlice bytes = lines.bytes();
    int from = 0;
    for (int end; (end = bytes.indexOf((byte) '\n', from)) >= 0; from = end + 1) {
      line(lines.session().key(), bytes.slice(from, end));
    }
  }

  private void line(String session, ByteSlice line) {
    switch (NixLine.parse(line)) {
      case NixEvent.Start start
          when start.type() == ActivityType.BUILD
              && NixEvent.opener(start.id()) == NixEvent.opener(ids.iterator().next())
              && start.field(0).equals(drvPath) ->
          ids.add(start.id());
      case NixEvent.LogLine log when ids.contains(log.id()) -> {
        Deque<String> last = bySession.computeIfAbsent(session, _ -> new ArrayDeque<>());
        last.add(NixLine.logText(line));
        if (last.size() > LINES) {
          last.remove();
        }
      }
      case NixEvent.Stop stop when whole == null && ids.contains(stop.id()) ->
          whole = bySession.get(session);
      case NixEvent _ -> {}
    }
  }

  /// Of the stream that told all of them; when none was heard to its end, of one that told most.
  List<String> lines() {
    if (whole != null) {
      return List.copyOf(whole);
    }
    return bySession.values().stream()
        .max(Comparator.comparingInt(Deque::size))
        .<List<String>>map(List::copyOf)
        .orElse(List.of());
  }
}
