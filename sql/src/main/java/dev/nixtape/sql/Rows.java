package dev.nixtape.sql;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Takes rows one by one. A value is text, a number, a boolean, a time of `java.time`, a list or
/// map of such, or null.
public interface Rows {
  /// Comes first, and once.
  void columns(List<String> names) throws IOException;

  void row(List<@Nullable Object> values) throws IOException;

  /// No more rows come; it is not told when there were too few because of a failure.
  void end() throws IOException;
}
