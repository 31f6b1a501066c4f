package dev.nixtape.ingest;

/// What became of everything that was given to a `LogWriter` so far.
///
/// @param waiting entries that Kafka has not acknowledged
/// @param missing bytes that the log will not hold; gaps in it say where
/// @param why Kafka's last refusal in words, "" when it never refused
public record Delivery(long waiting, long missing, String why) {

  /// Whether Kafka acknowledged every byte.
  public boolean complete() {
    return waiting == 0 && missing == 0;
  }

  @Override
  public String toString() {
    return complete()
        ? "all is in the log"
        : "%,d bytes are missing in the log and %,d entries are not acknowledged: %s"
            .formatted(missing, waiting, why.isEmpty() ? "Kafka did not answer in time" : why);
  }
}
