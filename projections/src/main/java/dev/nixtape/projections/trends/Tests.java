package dev.nixtape.projections.trends;

import dev.nixtape.projections.Regressions.Row;
import java.util.List;

/// What one partition has to say about all packages in it.
///
/// @param made how many
/// @param rows those that may be significant among all of the farm's: none can be whose p-value
///   alone is not. Their `q` is their p-value
public record Tests(long made, List<Row> rows) {
  public static Tests of(List<Tests> parts) {
    return new Tests(
        parts.stream().mapToLong(Tests::made).sum(),
        parts.stream().flatMap(part -> part.rows.stream()).toList());
  }
}
