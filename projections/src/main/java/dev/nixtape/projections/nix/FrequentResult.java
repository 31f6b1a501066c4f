package dev.nixtape.projections.nix;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;

/// Reads the results that make up a log: 98 of 100 lines of a real one are progress and most others
/// are lines of a build's log. CppNix writes both in one fixed form, which is read here in place,
/// byte by byte and without allocating; whatever is in another form is left to `NixLine`'s parser,
/// which gives the same for this one.
///
/// One reader reads a chunk from line to line: what it holds is of the line it read last.
public final class FrequentResult {
  private static final byte[] RESULT = "{\"action\":\"result\",\"fields\":[".getBytes(US_ASCII);
  private static final byte[] ID = "],\"id\":".getBytes(US_ASCII);
  private static final byte[] TYPE = ",\"type\":".getBytes(US_ASCII);
  private static final int NONE = -1;

  private final byte[] bytes;
  private int at;
  private int to;

  /// What followed the first number of the progress that was read last.
  private int restFrom;

  private int restTo;

  private boolean logLine;
  private long id;
  private long done;
  private long expected;
  private long running;
  private long failed;

  public FrequentResult(byte[] bytes) {
    this.bytes = bytes;
  }

  /// Reads the line that begins at `from`, with or without its `@nix `: returns the index behind
  /// its closing brace, or -1 when it is no such result.
  public int read(int from, int end) {
    at = from;
    to = end;
    skip(NixLine.MARK);
    if (!skip(RESULT) || at == to) {
      return NONE;
    }
    logLine = bytes[at] == '"';
    if (!logLine) {
      done = number();
      if (done >= 0 && skipRest()) {
        return at;
      }
    }
    int rest = at;
    restTo = restFrom;
    if (!(logLine ? plainString() : done >= 0 && progress()) || !idAndType()) {
      return NONE;
    }
    if (!logLine) {
      restFrom = rest;
      restTo = at;
    }
    return at;
  }

  /// Most progress is of the transfer of the line before and differs in its first number alone:
  /// what follows that number is compared and not read again.
  private boolean skipRest() {
    int end = at + restTo - restFrom;
    if (restFrom == restTo || end > to || !Arrays.equals(bytes, at, end, bytes, restFrom, restTo)) {
      return false;
    }
    at = end;
    return true;
  }

  /// What follows the first number: `,N,N,N`
  private boolean progress() {
    return skip(',')
        && (expected = number()) >= 0
        && skip(',')
        && (running = number()) >= 0
        && skip(',')
        && (failed = number()) >= 0;
  }

  /// `],"id":N,"type":T}`
  private boolean idAndType() {
    if (!skip(ID)) {
      return false;
    }
    id = number();
    if (id < 0 || !skip(TYPE)) {
      return false;
    }
    long type = number();
    boolean known = logLine ? type == 101 || type == 107 : type == 105;
    return known && skip('}');
  }

  /// Whether it is a line of a log, and not progress.
  public boolean isLogLine() {
    return logLine;
  }

  public long id() {
    return id;
  }

  /// Of progress; so are the other three.
  public long done() {
    return done;
  }

  public long expected() {
    return expected;
  }

  public long running() {
    return running;
  }

  public long failed() {
    return failed;
  }

  /// The same as an event.
  public NixEvent.Result event() {
    return logLine
        ? new NixEvent.LogLine(id)
        : new NixEvent.Progress(id, done, expected, running, failed);
  }

  private boolean skip(byte[] expected) {
    int end = at + expected.length;
    if (end > to || !Arrays.equals(bytes, at, end, expected, 0, expected.length)) {
      return false;
    }
    at = end;
    return true;
  }

  private boolean skip(char c) {
    if (at == to || bytes[at] != c) {
      return false;
    }
    at++;
    return true;
  }

  /// Digits as a number; -1 when there are none, or more than 18, or a zero in front.
  private long number() {
    int start = at;
    int i = start;
    long value = 0;
    for (int digit; i < to && (digit = bytes[i] - '0') >= 0 && digit <= 9; i++) {
      value = value * 10 + digit;
    }
    at = i;
    int digits = i - start;
    return digits == 0 || digits > 18 || (digits > 1 && bytes[start] == '0') ? -1 : value;
  }

  /// Passes a string in which a JSON parser has nothing to look at more closely.
  private boolean plainString() {
    for (at++; at < to; at++) {
      byte c = bytes[at];
      if (c == '"') {
        at++;
        return true;
      }
      if (c < ' ') {
        return false;
      }
      if (c == '\\') {
        at++;
        if (at == to || "\"\\/bfnrt".indexOf(bytes[at]) < 0) {
          return false;
        }
      }
    }
    return false;
  }
}
