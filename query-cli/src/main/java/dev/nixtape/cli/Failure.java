package dev.nixtape.cli;

/// Why a command ends without having done what was asked, in words for whoever asked, and its exit
/// status.
final class Failure extends RuntimeException {
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int NOTHING_FOUND = 3;
  static final int NO_SERVER = 4;
  static final int REFUSED = 5;
  static final int EXPIRED = 6;
  static final int NO_ANSWER = 7;

  private static final long serialVersionUID = 1;

  private final int exitCode;

  Failure(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }
}
