package dev.nixtape.ingest.spool;

/// How a spool is set up.
///
/// @param limit bytes that its segments may have
/// @param fsync whether to survive the loss of power: what was read is on the disk some
///   milliseconds later
/// @param sessions that can be open at once
/// @param lands whether reads store their bytes in the ledger (`SpoolSession.landing`)
/// @param ownUid the user whose process this is: no stranger
public record SpoolSettings(long limit, boolean fsync, int sessions, boolean lands, long ownUid) {}
