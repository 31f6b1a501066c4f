package dev.nixtape.projections.statistics;

/// Where a series' level changed.
///
/// @param index of the first value of the new level
/// @param before the median from the change before, or the start, to this one; in the values' unit
/// @param after the median from this change to the next, or the end
/// @param p how likely a split at least as clear is anywhere between the neighbouring changes when
///   nothing changed there
public record ChangePoint(int index, double before, double after, double p) {}
