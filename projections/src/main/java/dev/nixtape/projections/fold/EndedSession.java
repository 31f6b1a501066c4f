package dev.nixtape.projections.fold;

import dev.nixtape.projections.Session;

/// A session that ended, with what is needed to know a chunk of it that comes once more.
///
/// @param next the stream offset of the first byte that was never seen
record EndedSession(Session session, long next) {}
