package dev.nixtape.cli;

import dev.nixtape.ingest.Recorder;
import dev.nixtape.ingest.Recording;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.tape.LogEntry.Ending;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
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
  static void feed(Recorder recorder) {
    feed(recorder, "builder-1", 4);
    feed(recorder, "builder-2", 3);
  }

  private static void feed(Recorder recorder, String host, int speed) {
    Thread thread =
        new Thread(
            () -> {
              try {
                for (int round = 0; round < ROUNDS; round++) {
                  replay(recorder, host, speed);
                }
              } catch (IOException e) {
                SocketOptions.say("the demo ended: " + e.getMessage());
              }
            },
            "demo-" + host);
    thread.setDaemon(true);
    thread.start();
  }

  private static void replay(Recorder recorder, String host, int speed) throws IOException {
    long begin = System.nanoTime();
    Map<Integer, Recording> sessions = new HashMap<>();
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
        if (line.opened != null) {
          SessionId id = SessionId.at(host, Instant.now(), ThreadLocalRandom.current().nextInt());
          sessions.put(line.session, recorder.record(id, line.opened));
        }
        Recording session = Objects.requireNonNull(sessions.get(line.session));
        if (line.lines != null) {
          session.take(ByteBuffer.wrap(line.lines.getBytes(StandardCharsets.UTF_8)));
        } else if (line.observed != null) {
          session.observed(line.observed);
        } else if (line.closed != null) {
          session.end(line.closed);
        }
      }
    }
  }
}
