/// The host's spool: what was read and is not yet in Kafka for certain, on disk before anything
/// else happens to it.
@NullMarked
package dev.nixtape.ingest.spool;

import org.jspecify.annotations.NullMarked;
