package dev.nixtape.projections;

import dev.nixtape.projections.Build.Used;
import java.time.Instant;
import java.util.Objects;

/// What became known of a build after it was told as a fact.
///
/// @param id the fact's, as the next two are
public record Amendment(String id, String name, Instant finishedAt, Used used) {
  public Amendment {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(finishedAt, "finishedAt");
    Objects.requireNonNull(used, "used");
  }
}
