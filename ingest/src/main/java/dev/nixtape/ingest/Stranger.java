package dev.nixtape.ingest;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Somebody at the socket who behaves as no Nix does.
///
/// @param user null when the uid has no name here
/// @param pid null when several processes did it
/// @param since when it was first seen, or heard last
/// @param count how often
public record Stranger(
    long uid, @Nullable String user, @Nullable Long pid, String what, Instant since, long count) {
  Stranger and(Stranger more) {
    return new Stranger(uid, user, pid, what, since, count + more.count);
  }
}
