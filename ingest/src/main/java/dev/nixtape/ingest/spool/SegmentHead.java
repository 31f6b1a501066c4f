package dev.nixtape.ingest.spool;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import org.jspecify.annotations.Nullable;

/// What is known of a session at the beginning of each of its segments, so that each can be read
/// without those before it.
///
/// @param offset the stream's offset at which the segment begins
/// @param source null for what is no stream
/// @param openedAt when the session was opened, in milliseconds since the epoch
record SegmentHead(
    int version, String host, String id, long offset, @Nullable Source source, long openedAt) {
  /// Of frames and heads: a segment of another version is left to the program that wrote it.
  static final int VERSION = 1;

  @JsonIgnore
  SessionId session() {
    return new SessionId(host, id);
  }
}
