package dev.nixtape.ingest;

import java.nio.file.Path;
import java.util.Optional;

/// What became of everything that was recorded so far.
///
/// @param waiting bytes in the spool that Kafka has not acknowledged
/// @param missing bytes that the log will not hold; gaps in it say where
/// @param missingLines lines that ended in them
/// @param spool where it waits
/// @param problem why Kafka takes nothing
public record Delivery(
    long waiting, long missing, long missingLines, Path spool, Optional<String> problem) {

  /// Whether Kafka acknowledged every byte.
  public boolean complete() {
    return waiting == 0 && missing == 0;
  }

  @Override
  public String toString() {
    if (complete()) {
      return "all is in the log";
    }
    String lost =
        missing == 0
            ? ""
            : "%,d lines (%,d bytes) found no room and are missing"
                .formatted(missingLines, missing);
    String waits =
        waiting == 0
            ? ""
            : "%,d bytes wait in %s for the next nixtape that reaches Kafka%s"
                .formatted(waiting, spool, problem.map(words -> " (" + words + ")").orElse(""));
    return lost + (lost.isEmpty() || waits.isEmpty() ? "" : "; ") + waits;
  }
}
