package dev.nixtape.ingest.spool;

/// Consecutive bytes of a session that were read and not kept.
///
/// @param bytes how many; 0 for none
/// @param lines how many lines ended in them
/// @param from when the first of them arrived, in milliseconds since the epoch
/// @param until when the last of them arrived
record Dropped(long bytes, long lines, long from, long until, String why) {
  static final Dropped NONE = new Dropped(0, 0, 0, 0, "");

  Dropped and(long moreBytes, long moreLines, long at, String because) {
    return bytes == 0
        ? new Dropped(moreBytes, moreLines, at, at, because)
        : new Dropped(bytes + moreBytes, lines + moreLines, from, Math.max(until, at), why);
  }
}
