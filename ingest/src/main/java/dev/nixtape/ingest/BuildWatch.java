package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.nix.ActivityType;
import dev.nixtape.projections.nix.NixEvent;
import dev.nixtape.projections.nix.NixLine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Notices the builds that a session tells of. Nearly every line is passed over after a look at two
/// of its bytes.
final class BuildWatch implements Onlooker {
  private static final byte[] START_OR_STOP = "{\"action\":\"st".getBytes(US_ASCII);
  private static final int MARK_LENGTH = "@nix ".length();

  /// Builds of one session that may be open at once; more are not observed.
  private static final int MAX_OPEN = 10_000;

  /// What Nix says it is about to build, each in a message of its own.
  private static final byte[] PLANNED = ".drv\"}".getBytes(US_ASCII);

  /// Derivations of one plan that are looked at.
  private static final int MAX_PLANNED = 5_000;

  /// A line that says that a build starts or stops is shorter.
  private static final int MAX_TORN = 8 * 1024;

  private static final byte[] NOTHING = {};

  private final Recording recording;
  private final BuildObserver observer;
  private final Set<Long> open = new HashSet<>(2);
  private List<String> planned = new ArrayList<>(0);

  /// What stands of a line that has no end yet.
  private byte[] begun = NOTHING;

  /// That line is too long to mean anything here.
  private boolean passing;

  BuildWatch(Recording recording, BuildObserver observer) {
    this.recording = recording;
    this.observer = observer;
  }

  @Override
  public int passed(byte[] bytes, int count) {
    int lines = 0;
    int line = 0;
    for (int end = ByteSlice.indexOf(bytes, (byte) '\n', 0, count);
        end >= 0;
        end = ByteSlice.indexOf(bytes, (byte) '\n', line, count)) {
      if (begun.length > 0 || passing) {
        endOfTorn(bytes, end);
      } else if (matters(bytes, line, end)) {
        look(ByteSlice.of(bytes, line, end));
      }
      lines++;
      line = end + 1;
    }
    if (line < count) {
      hold(bytes, line, count);
    }
    return lines;
  }

  /// The line that earlier reads began ends here.
  private void endOfTorn(byte[] bytes, int end) {
    if (!passing && begun.length + end <= MAX_TORN) {
      byte[] whole = Arrays.copyOf(begun, begun.length + end);
      System.arraycopy(bytes, 0, whole, begun.length, end);
      if (matters(whole, 0, whole.length)) {
        look(ByteSlice.of(whole));
      }
    }
    begun = NOTHING;
    passing = false;
  }

  private void hold(byte[] bytes, int from, int to) {
    if (passing || begun.length + to - from > MAX_TORN) {
      begun = NOTHING;
      passing = true;
      return;
    }
    byte[] more = Arrays.copyOf(begun, begun.length + to - from);
    System.arraycopy(bytes, from, more, begun.length, to - from);
    begun = more;
  }

  @Override
  public void closing(Runnable close) {
    observer.closing(recording, close);
  }

  /// Whether something starts or stops, or is to be built.
  private static boolean matters(byte[] bytes, int line, int end) {
    int json = line < end && bytes[line] == '@' ? line + MARK_LENGTH : line;
    int last = json + START_OR_STOP.length;
    if (last >= end) {
      return false;
    }
    return switch (bytes[last - 2]) {
      case 's' ->
          bytes[last - 1] == 't'
              && Arrays.equals(bytes, json, last, START_OR_STOP, 0, START_OR_STOP.length);
      case 'm' ->
          bytes[last - 1] == 's'
              && end - last > PLANNED.length
              && Arrays.equals(bytes, end - PLANNED.length, end, PLANNED, 0, PLANNED.length);
      default -> false;
    };
  }

  private void look(ByteSlice line) {
    NixEvent event = NixLine.parse(line);
    if (event instanceof NixEvent.Start && !planned.isEmpty()) {
      // The first thing that Nix does behind its plan.
      observer.planned(recording, planned);
      planned = new ArrayList<>(0);
    }
    switch (event) {
      case NixEvent.Message message when message.text().startsWith("  /") -> {
        if (planned.size() < MAX_PLANNED) {
          planned.add(message.text().strip());
        }
      }
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
