package dev.nixtape.projections.fold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Observation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A shim publishes again what it cannot know to have arrived: no answer changes by that.
class RepublishedTest {
  private static final String DRV = "/nix/store/a5afb3xd46scncmlpyhdn7d68kdiq57g-alpha-1.0.drv";
  private static final String OUT = "/nix/store/0kzm0jjrfrx167f7h2qpc72naqgijjq6-alpha-1.0";

  /// Records between two originals in the log's numbering, for those that come again.
  private static final long ROOM = 1000;

  @ParameterizedTest
  @ValueSource(strings = {"success", "failure", "keep-going", "interrupt", "kill"})
  void aRandomThirdOfTheEntriesThatComesAgainLaterChangesNothing(String recording) {
    int repeated = 0;
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      List<LogEntry> log = recorded(recording, random);
      Tape once = new Tape();
      Tape again = new Tape();

      for (int i = 0; i < log.size(); i++) {
        once.write(log.get(i), i * ROOM);
      }
      Map<Integer, List<LogEntry>> later = new TreeMap<>();
      for (int i = 0; i < log.size(); i++) {
        again.write(log.get(i), i * ROOM);
        if (random.nextInt(3) == 0) {
          int when = i + random.nextInt(log.size() - i);
          later.computeIfAbsent(when, _ -> new ArrayList<>()).add(log.get(i));
        }
        long at = i * ROOM;
        for (LogEntry entry : later.getOrDefault(i, List.of())) {
          again.write(entry, ++at);
          repeated++;
        }
      }

      assertEquals(once.finished, again.finished, recording + " with seed " + seed);
      assertEquals(once.live(), again.live());
      assertEquals(withoutRepeated(once), withoutRepeated(again));
    }
    assertTrue(repeated > 50, repeated + " came again");
  }

  /// What is remembered; how much came again is the one thing that may differ.
  private static Map<String, String> withoutRepeated(Tape tape) {
    Map<String, String> remembered = tape.remembered();
    remembered.replaceAll((_, value) -> value.replaceAll("\"repeated\":[0-9]+", ""));
    return remembered;
  }

  /// A client's and its worker's streams as they were recorded, torn and interleaved at random,
  /// with what the shim saw beside them.
  private static List<LogEntry> recorded(String recording, Random random) {
    Tape tape = new Tape();
    Tape.Stream client = tape.client(4711);
    Tape.Stream worker = tape.worker(4711, true);
    Deque<byte[]> ofClient = torn(Tape.recording(recording + ".client"), random);
    Deque<byte[]> ofWorker = torn(Tape.recording(recording + ".worker"), random);
    while (!ofClient.isEmpty() || !ofWorker.isEmpty()) {
      tape.later(random.nextInt(20));
      boolean first = ofWorker.isEmpty() || (!ofClient.isEmpty() && random.nextBoolean());
      if (first) {
        client.tell(ofClient.removeFirst());
      } else {
        worker.tell(ofWorker.removeFirst());
        for (Build running : tape.live()) {
          observe(tape, worker, Long.parseUnsignedLong(running.nixId()), random);
        }
      }
    }
    client.close();
    worker.close();
    return List.copyOf(tape.written);
  }

  private static void observe(Tape tape, Tape.Stream worker, long nixId, Random random) {
    if (random.nextInt(4) == 0) {
      Observation seen =
          random.nextBoolean()
              ? new Observation.DerivationRead(
                  nixId,
                  DRV,
                  "Derive([(\"out\",\"%s\",\"\",\"\")],[],[],\"x86_64-linux\",\"/bin/sh\",[],[])"
                      .formatted(OUT),
                  List.of())
              : new Observation.OutputsChecked(nixId, DRV, List.of(OUT), List.of());
      tape.write(new LogEntry.Observed(worker.id, tape.now(), worker.offset(), seen));
    }
  }

  private static Deque<byte[]> torn(byte[] stream, Random random) {
    Deque<byte[]> pieces = new ArrayDeque<>();
    for (int at = 0; at < stream.length; ) {
      int length = Math.min(1 + random.nextInt(2000), stream.length - at);
      pieces.add(Arrays.copyOfRange(stream, at, at + length));
      at += length;
    }
    return pieces;
  }
}
