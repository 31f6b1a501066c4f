/// How what is built again and again changes: what one package takes over time, and what of all
/// packages got slower or fails.
@NullMarked
package dev.nixtape.projections.trends;

import org.jspecify.annotations.NullMarked;
