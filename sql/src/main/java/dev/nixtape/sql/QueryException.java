package dev.nixtape.sql;

/// Why a query has no answer, in words for whoever asked.
public final class QueryException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public enum Why {
    /// It is no query that can be asked here: the text is wrong, not the data.
    WRONG,
    /// It was stopped, or what it asked for could not be computed.
    FAILED
  }

  private final Why why;

  QueryException(Why why, String message) {
    super(message);
    this.why = why;
  }

  public Why why() {
    return why;
  }
}
