/// The questions that can be asked of a tape, the answers' shapes, and how both are written as
/// JSON.
@NullMarked
package dev.nixtape.projections;

import org.jspecify.annotations.NullMarked;
