/// What facts and sums mean to who runs a farm: what is flaky, why builds fail, what they cost,
/// what caches are good for, and what builds wait for.
@NullMarked
package dev.nixtape.projections.operations;

import org.jspecify.annotations.NullMarked;
