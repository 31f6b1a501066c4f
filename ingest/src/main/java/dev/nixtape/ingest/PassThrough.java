package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.ByteSlice;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.regex.Pattern;

/// Shows a person what passes through a pipe: events as the text that Nix would have written,
/// everything else as it is, at once.
final class PassThrough {
  private static final byte[] EVENT = "@nix {".getBytes(US_ASCII);
  private static final byte[] RESULT = "@nix {\"action\":\"result\"".getBytes(US_ASCII);
  private static final byte[] STOP = "@nix {\"action\":\"stop\"".getBytes(US_ASCII);
  private static final byte[] PROGRESS = ",\"type\":105}".getBytes(US_ASCII);
  private static final byte[] EXPECTED = ",\"type\":106}".getBytes(US_ASCII);

  /// A line that may become an event is held that long; a longer one is no event that a person
  /// could read.
  private static final int MAX_HELD = 1024 * 1024;

  /// Colours and cursor movements, and links.
  private static final Pattern ESCAPES =
      Pattern.compile("\u001b\\[[0-9;?]*[ -/]*[@-~]|\u001b\\][^\u0007\u001b]*(\u0007|\u001b\\\\)");

  private final OutputStream out;
  private final boolean terminal;
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream(8192);

  /// The part of an unfinished line that may still become an event; begins with `@`.
  private byte[] held = new byte[0];

  private boolean midLine;
  private boolean swallowing;
  private boolean broken;

  /// @param terminal whether colours are kept
  PassThrough(OutputStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  void take(byte[] bytes, int from, int to) {
    int line = from;
    for (int end = ByteSlice.indexOf(bytes, (byte) '\n', line, to);
        end >= 0;
        end = ByteSlice.indexOf(bytes, (byte) '\n', line, to)) {
      if (held.length > 0) {
        byte[] whole = joined(bytes, line, end);
        held = new byte[0];
        finish(whole, 0, whole.length);
      } else {
        finish(bytes, line, end);
      }
      line = end + 1;
    }
    unfinished(bytes, line, to);
    show();
  }

  /// Shows what was held back for the rest of its line.
  void end() {
    if (held.length > 0) {
      finish(held, 0, held.length);
      held = new byte[0];
    }
    show();
  }

  private void finish(byte[] bytes, int from, int to) {
    if (swallowing) {
      swallowing = false;
      return;
    }
    if (isQuiet(bytes, from, to)) {
      return;
    }
    int event = eventIn(bytes, from, to);
    if (event < 0) {
      raw(bytes, from, to);
      return;
    }
    switch (Speech.of(bytes, event + EVENT.length - 1, to)) {
      case Speech.Says(String text) -> {
        before(bytes, from, event);
        say(text);
      }
      case Speech.Silent() -> before(bytes, from, event);
      case Speech.NoEvent() -> raw(bytes, from, to);
    }
  }

  /// Progress and stops, nearly all lines: told by their first and last bytes.
  private static boolean isQuiet(byte[] bytes, int from, int to) {
    return isAt(STOP, bytes, from, to)
        || (isAt(RESULT, bytes, from, to)
            && (isAt(PROGRESS, bytes, to - PROGRESS.length, to)
                || isAt(EXPECTED, bytes, to - EXPECTED.length, to)));
  }

  private static boolean isAt(byte[] expected, byte[] bytes, int at, int to) {
    return at + expected.length <= to
        && bytes[at + expected.length - 1] == expected[expected.length - 1]
        && Arrays.equals(bytes, at, at + expected.length, expected, 0, expected.length);
  }

  private static int eventIn(byte[] bytes, int from, int to) {
    for (int i = from; i <= to - EVENT.length; i++) {
      if (bytes[i] == '@' && isAt(EVENT, bytes, i, to)) {
        return i;
      }
    }
    return -1;
  }

  /// What another program had written on this line when the event came between: its line goes on
  /// later.
  private void before(byte[] bytes, int from, int event) {
    boolean systemdLevel =
        event - from == 3 && bytes[from] == '<' && bytes[from + 2] == '>' && !midLine;
    if (event > from && !systemdLevel) {
      shown.write(bytes, from, event - from);
      midLine = true;
    }
  }

  private void raw(byte[] bytes, int from, int to) {
    shown.write(bytes, from, to - from);
    shown.write('\n');
    midLine = false;
  }

  private void say(String text) {
    if (midLine) {
      shown.write('\n');
    }
    shown.writeBytes((terminal ? text : ESCAPES.matcher(text).replaceAll("")).getBytes(UTF_8));
    shown.write('\n');
    midLine = false;
  }

  /// A question of Nix's has no newline: what cannot become an event is shown without waiting for
  /// one.
  private void unfinished(byte[] bytes, int from, int to) {
    if (from == to || swallowing) {
      return;
    }
    if (held.length == 0) {
      int at = from;
      while (at < to && bytes[at] != '@') {
        at++;
      }
      before(bytes, from, at);
      held = Arrays.copyOfRange(bytes, at, to);
    } else {
      held = joined(bytes, from, to);
    }
    if (held.length > MAX_HELD) {
      swallowing = isAt(EVENT, held, 0, held.length);
      if (!swallowing) {
        before(held, 0, held.length);
      }
      held = new byte[0];
    }
  }

  private byte[] joined(byte[] bytes, int from, int to) {
    byte[] whole = Arrays.copyOf(held, held.length + to - from);
    System.arraycopy(bytes, from, whole, held.length, to - from);
    return whole;
  }

  private void show() {
    if (!broken) {
      try {
        shown.writeTo(out);
        out.flush();
      } catch (IOException _) {
        // the reader is gone; the recording is not
        broken = true;
      }
    }
    shown.reset();
  }
}
