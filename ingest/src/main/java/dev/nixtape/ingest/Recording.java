package dev.nixtape.ingest;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.function.Function;

/// One session on its way into the log: opened, its bytes in chunks, closed.
final class Recording {
  private final LogWriter log;
  private final Host host;
  private final SessionId session;
  private final Source source;
  private final Patience patience;
  private final Onlooker onlooker;
  private final Chunker chunker = new Chunker();

  /// The stream's offset behind what is published; other threads observe at it.
  private volatile long offset;

  private Recording(
      LogWriter log,
      Host host,
      SessionId session,
      Source source,
      Patience patience,
      Function<Recording, Onlooker> onlooker) {
    this.log = log;
    this.host = host;
    this.session = session;
    this.source = source;
    this.patience = patience;
    this.onlooker = onlooker.apply(this);
  }

  static Recording open(LogWriter log, Host host, Source source, Patience patience) {
    return open(log, host, host.newSession(), source, patience, _ -> Onlooker.NOBODY);
  }

  static Recording open(
      LogWriter log,
      Host host,
      SessionId session,
      Source source,
      Patience patience,
      Function<Recording, Onlooker> onlooker) {
    log.write(new LogEntry.Opened(session, host.now(), source), patience);
    return new Recording(log, host, session, source, patience, onlooker);
  }

  SessionId session() {
    return session;
  }

  Source source() {
    return source;
  }

  /// Bytes that arrived just now.
  void take(ByteBuffer arrived) {
    chunker.take(arrived, publishingAt(host.now()));
  }

  /// What an onlooker saw.
  void observed(Observation observation) {
    log.write(new LogEntry.Observed(session, host.now(), offset, observation), patience);
  }

  /// The stream is at its end: nothing of this session follows.
  void end(LogEntry.Ending ending) {
    Instant at = host.now();
    chunker.end(publishingAt(at));
    LogEntry closed = new LogEntry.Closed(session, at, offset, ending);
    onlooker.closing(() -> log.write(closed, patience));
  }

  private Chunker.Sink publishingAt(Instant at) {
    return (start, chunk, startsLine) -> {
      log.write(new LogEntry.Lines(session, at, start, ByteSlice.of(chunk)), patience);
      offset = start + chunk.length;
      onlooker.passed(chunk, startsLine);
    };
  }
}
