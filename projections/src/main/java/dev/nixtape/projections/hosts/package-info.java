/// What hosts, their builds and their remote builders use now, from the samples that hosts send.
@NullMarked
package dev.nixtape.projections.hosts;

import org.jspecify.annotations.NullMarked;
