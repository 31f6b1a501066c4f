package dev.nixtape.projections.tape;

/// Where a record stands in `nixtape.log`.
public record Position(int partition, long offset) {}
