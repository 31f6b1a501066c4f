/// Topologies that keep the projections, the server that answers questions of them, and a Kafka for
/// machines without one.
@NullMarked
package dev.nixtape.streams;

import org.jspecify.annotations.NullMarked;
