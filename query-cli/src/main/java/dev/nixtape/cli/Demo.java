package dev.nixtape.cli;

import dev.nixtape.ingest.LogWriter;
import dev.nixtape.ingest.Patience;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.LogEntry.Ending;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// Replays a recording of real builds as if it happened now, several times as fast, on two hosts.
final class Demo {
  /// How often each host builds it all: long enough to look around.
  private static final int ROUNDS = 20;

  private Demo() {}

  /// An entry of a recording: one line of JSON in `demo.jsonl.gz`.
  ///
  /// @param ms since the recording began
  /// @param session its number in the recording
  /// @param lines of a chunk; exactly one of this and the following is not null
  record Line(
      long ms,
      int session,
      @Nullable Source opened,
      @Nullable String lines,
      @Nullable Observation observed,
      @Nullable Ending closed) {}

  /// Begins to replay, on threads that do not keep the process alive.
  static void feed(LogWriter log) {
    feed(log, "builder-1", 4);
    feed(log, "builder-2", 3);
  }

  private static void feed(LogWriter log, String host, int speed) {
    Thread thread =
        new Thread(
            () -> {
              try {
                for (int round = 0; round < ROUNDS; round++) {
                  replay(log, host, speed);
                }
              } catch (IOException e) {
                SocketOptions.say("the demo ended: " + e.getMessage());
              }
            },
            "demo-" + host);
    thread.setDaemon(true);
    thread.start();
  }

  private static void replay(LogWriter log, String host, int speed) throws IOException {
    long begin = System.nanoTime();
    Map<Integer, SessionId> sessions = new HashMap<>();
    Map<Integer, Long> offsets = new HashMap<>();
    try (BufferedReader recording =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(
                    Objects.requireNonNull(Demo.class.getResourceAsStream("demo.jsonl.gz"))),
                StandardCharsets.UTF_8))) {
      for (String json; (json = recording.readLine()) != null; ) {
        Line line = Json.MAPPER.readValue(json, Line.class);
        long due = begin + line.ms * 1_000_000 / speed;
        for (long left; (left = due - System.nanoTime()) > 0; ) {
          LockSupport.parkNanos(left);
        }
        Instant now = Instant.now();
        SessionId session =
            sessions.computeIfAbsent(
                line.session, _ -> SessionId.at(host, now, ThreadLocalRandom.current().nextInt()));
        long offset = offsets.getOrDefault(line.session, 0L);
        if (line.opened != null) {
          log.write(new LogEntry.Opened(session, now, line.opened), Patience.WHILE_KAFKA_MOVES);
        } else if (line.lines != null) {
          ByteSlice bytes = ByteSlice.of(line.lines);
          log.write(new LogEntry.Lines(session, now, offset, bytes), Patience.WHILE_KAFKA_MOVES);
          offsets.put(line.session, offset + bytes.length());
        } else if (line.observed != null) {
          log.write(
              new LogEntry.Observed(session, now, offset, line.observed),
              Patience.WHILE_KAFKA_MOVES);
        } else if (line.closed != null) {
          log.write(
              new LogEntry.Closed(session, now, offset, line.closed), Patience.WHILE_KAFKA_MOVES);
        }
      }
    }
  }
}
