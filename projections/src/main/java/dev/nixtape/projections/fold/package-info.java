/// The fold from the log to what is known now: sessions, activities, and how each ended.
@NullMarked
package dev.nixtape.projections.fold;

import org.jspecify.annotations.NullMarked;
