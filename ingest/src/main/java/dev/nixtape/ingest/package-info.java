/// The edge on a host: what Nix says is received here, by socket, pipe or file, and published to
/// the log byte for byte.
@NullMarked
package dev.nixtape.ingest;

import org.jspecify.annotations.NullMarked;
