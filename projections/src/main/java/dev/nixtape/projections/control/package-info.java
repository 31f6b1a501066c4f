/// The contract of control: commands to a host, signed, what became of them, and what a host and
/// its builds use.
@NullMarked
package dev.nixtape.projections.control;

import org.jspecify.annotations.NullMarked;
