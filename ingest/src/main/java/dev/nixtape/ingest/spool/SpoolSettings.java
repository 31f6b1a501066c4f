package dev.nixtape.ingest.spool;

/// How a spool is set up.
///
/// @param limit bytes that its segments may have
/// @param fsync whether to survive the loss of power: what was read is on the disk some
///   milliseconds later
/// @param sessions that can be open at once
/// @param lands whether reads store their bytes in the ledger (`SpoolSession.landing`)
/// @param ownUid the user whose process this is: no stranger
public record SpoolSettings(long limit, boolean fsync, int sessions, boolean lands, long ownUid) {
  /// Two segments and what goes beside them.
  private static final long MIN_LIMIT = 4L << 20;

  public SpoolSettings {
    if (limit < MIN_LIMIT) {
      throw new IllegalArgumentException(
          "--spool-limit: at least 4 MiB, not %,d bytes".formatted(limit));
    }
  }
}
