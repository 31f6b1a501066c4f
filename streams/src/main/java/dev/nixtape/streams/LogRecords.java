package dev.nixtape.streams;

import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.LogEntry;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/// Kafka's records as entries of the log.
final class LogRecords {
  private LogRecords() {}

  /// Throws `IllegalArgumentException` for a record that no shim wrote.
  static LogEntry read(
      byte @Nullable [] key, long timestamp, byte @Nullable [] value, Headers headers) {
    return EntryRecord.read(
        key,
        timestamp,
        value,
        name -> {
          Header header = headers.lastHeader(name);
          return header == null ? null : header.value();
        });
  }
}
