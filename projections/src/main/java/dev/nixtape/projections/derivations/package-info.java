/// What builds need, and what that explains: dependency trees, the chain that made a run so long,
/// what changed since the last build.
@NullMarked
package dev.nixtape.projections.derivations;

import org.jspecify.annotations.NullMarked;
