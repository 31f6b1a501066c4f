/// Nix's own vocabulary: what a line of its event stream says, store paths, derivations.
@NullMarked
package dev.nixtape.projections.nix;

import org.jspecify.annotations.NullMarked;
