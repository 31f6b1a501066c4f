package dev.nixtape.ingest;

import dev.nixtape.ingest.spool.SpoolSession;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.function.Function;

/// One session as it is recorded: its bytes, what is seen beside them, its end. Everything goes
/// into the spool first.
public final class Recording {
  private final SpoolSession session;
  private final Host host;
  private final Source source;
  private final Onlooker onlooker;

  Recording(
      SpoolSession session, Host host, Source source, Function<Recording, Onlooker> onlooker) {
    this.session = session;
    this.host = host;
    this.source = source;
    this.onlooker = onlooker.apply(this);
  }

  public SessionId session() {
    return session.id();
  }

  Source source() {
    return source;
  }

  SpoolSession spooled() {
    return session;
  }

  /// Where the next read stores its bytes; `landed` must follow.
  ByteBuffer landing() {
    return session.landing();
  }

  /// So many bytes are in the landing, and just arrived.
  ///
  /// @param read a copy of them
  /// @return how many lines the onlooker saw end
  int landed(ByteBuffer landing, int count, byte[] read) {
    session.landed(landing, count, host.now());
    return count > 0 ? onlooker.passed(read, count) : 0;
  }

  /// Bytes that arrived just now.
  public void take(ByteBuffer arrived) {
    byte[] read = new byte[arrived.remaining()];
    arrived.get(arrived.position(), read);
    session.append(arrived, host.now());
    onlooker.passed(read, read.length);
  }

  /// What an onlooker saw.
  public void observed(Observation observation) {
    Instant now = host.now();
    session.append(new LogEntry.Observed(session.id(), now, session.offset(), observation));
  }

  /// Whether the spool has room to spare: for what is worth less than what Nix says.
  boolean hasRoom() {
    return session.hasRoom();
  }

  /// The stream is at its end: nothing of this session follows.
  public void end(LogEntry.Ending ending) {
    end(ending, () -> {});
  }

  /// The same, and does something when that is in the spool.
  void end(LogEntry.Ending ending, Runnable ended) {
    Instant at = host.now();
    onlooker.closing(() -> {
      session.append(new LogEntry.Closed(session.id(), at, session.offset(), ending));
      ended.run();
    });
  }
}
