package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.nix.ActivityType;
import dev.nixtape.projections.nix.NixEvent;
import dev.nixtape.projections.nix.NixLine;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/// Notices the builds that a session tells of. Nearly every line is passed over after a look at two
/// of its bytes.
final class BuildWatch implements Onlooker {
  private static final byte[] START_OR_STOP = "{\"action\":\"st".getBytes(US_ASCII);
  private static final int MARK_LENGTH = "@nix ".length();

  /// Builds of one session that may be open at once; more are not observed.
  private static final int MAX_OPEN = 10_000;

  private final Recording recording;
  private final BuildObserver observer;
  private final Set<Long> open = new HashSet<>(2);

  BuildWatch(Recording recording, BuildObserver observer) {
    this.recording = recording;
    this.observer = observer;
  }

  @Override
  public void passed(byte[] chunk, boolean startsLine) {
    int line = startsLine ? 0 : ByteSlice.indexOf(chunk, (byte) '\n', 0, chunk.length) + 1;
    if (line == 0 && !startsLine) {
      return;
    }
    for (int end = ByteSlice.indexOf(chunk, (byte) '\n', line, chunk.length);
        end >= 0;
        end = ByteSlice.indexOf(chunk, (byte) '\n', line, chunk.length)) {
      if (startsOrStops(chunk, line, end)) {
        look(ByteSlice.of(chunk, line, end));
      }
      line = end + 1;
    }
  }

  @Override
  public void closing(Runnable close) {
    observer.closing(recording, close);
  }

  private static boolean startsOrStops(byte[] bytes, int line, int end) {
    int json = line < end && bytes[line] == '@' ? line + MARK_LENGTH : line;
    int last = json + START_OR_STOP.length;
    return last < end
        && bytes[last - 1] == 't'
        && bytes[last - 2] == 's'
        && Arrays.equals(bytes, json, last, START_OR_STOP, 0, START_OR_STOP.length);
  }

  private void look(ByteSlice line) {
    switch (NixLine.parse(line)) {
      case NixEvent.Start start when start.type() == ActivityType.BUILD -> {
        if (open.size() < MAX_OPEN && open.add(start.id())) {
          observer.started(recording, start.id(), start.field(0));
        }
      }
      case NixEvent.Stop stop -> {
        if (open.remove(stop.id())) {
          observer.stopped(recording, stop.id());
        }
      }
      default -> {
        // another activity
      }
    }
  }
}
