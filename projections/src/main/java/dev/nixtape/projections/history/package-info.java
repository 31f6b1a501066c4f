/// The fold from finished activities to history by name, by time and by day.
@NullMarked
package dev.nixtape.projections.history;

import org.jspecify.annotations.NullMarked;
