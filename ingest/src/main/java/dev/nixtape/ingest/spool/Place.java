package dev.nixtape.ingest.spool;

/// A place in a session's segments: where a frame begins.
///
/// @param segment the segment's number
/// @param position in its file
/// @param offset the stream's offset there
record Place(int segment, long position, long offset) {
  static final Place BEGIN = new Place(0, 0, 0);
}
