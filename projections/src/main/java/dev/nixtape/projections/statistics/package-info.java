/// What may be concluded from samples of durations: pure functions that assume no distribution,
/// because build times are skewed and have outliers.
@NullMarked
package dev.nixtape.projections.statistics;

import org.jspecify.annotations.NullMarked;
