package dev.nixtape.sql;

import java.util.Locale;

/// What facts are exported as.
public enum Format {
  PARQUET,
  CSV,
  /// JSON, an object a line.
  NDJSON;

  String extension() {
    return name().toLowerCase(Locale.ROOT);
  }
}
