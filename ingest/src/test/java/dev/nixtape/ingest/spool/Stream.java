package dev.nixtape.ingest.spool;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import java.util.List;

/// A session as a reader of the log puts it together: what lies before the offset that it has
/// reached it drops, what lies between is missing.
///
/// @param text the bytes, one character each
/// @param missing bytes that gap entries account for
/// @param missingLines lines that ended in them
/// @param unexplained bytes that nothing accounts for
/// @param repeated bytes that came again
/// @param closed whether its end is in the log
record Stream(
    String text, long missing, long missingLines, long unexplained, long repeated, boolean closed) {
  static Stream of(SessionId session, List<LogEntry> log) {
    StringBuilder text = new StringBuilder();
    long next = 0;
    long missing = 0;
    long missingLines = 0;
    long unexplained = 0;
    long repeated = 0;
    boolean closed = false;
    for (LogEntry entry : log) {
      if (!entry.session().equals(session)) {
        continue;
      }
      switch (entry) {
        case LogEntry.Lines lines -> {
          unexplained += Math.max(0, lines.offset() - next);
          long end = lines.offset() + lines.bytes().length();
          next = Math.max(next, lines.offset());
          if (end > next) {
            text.append(
                new String(
                    lines.bytes().from((int) (next - lines.offset())).toArray(), ISO_8859_1));
            repeated += next - lines.offset();
            next = end;
          } else {
            repeated += lines.bytes().length();
          }
        }
        case LogEntry.Gap gap -> {
          if (gap.offset() + gap.missing() > next) {
            missing += gap.offset() + gap.missing() - next;
            missingLines += gap.lines();
            next = gap.offset() + gap.missing();
          }
        }
        case LogEntry.Closed end -> {
          unexplained += Math.max(0, end.offset() - next);
          closed = true;
        }
        case LogEntry.Opened _, LogEntry.Observed _, LogEntry.Listening _, LogEntry.Reported _ -> {}
      }
    }
    return new Stream(text.toString(), missing, missingLines, unexplained, repeated, closed);
  }
}
