package dev.nixtape.projections.fold;

import dev.nixtape.projections.ByteSlice;

/// A line whose end has not come. Its middle is not kept: Nix writes `action` first and `id` and
/// `type` last, so both ends say what it is, and memory stays bounded however long it gets.
///
/// @param length bytes so far
/// @param head its first bytes
/// @param tail its last bytes, behind the head
record TornLine(long length, ByteSlice head, ByteSlice tail) {
  private static final int KEPT = 16 * 1024;

  static TornLine begin(ByteSlice piece) {
    return new TornLine(0, ByteSlice.EMPTY, ByteSlice.EMPTY).and(piece);
  }

  TornLine and(ByteSlice piece) {
    int toHead = Math.min(KEPT - head.length(), piece.length());
    ByteSlice rest = piece.from(toHead);
    ByteSlice last = rest.length() >= KEPT ? rest : tail.and(rest);
    return new TornLine(
        length + piece.length(),
        toHead == 0 ? head : head.and(piece.first(toHead)),
        ByteSlice.of(last.from(Math.max(0, last.length() - KEPT)).toArray()));
  }

  /// The line, or its two ends joined where no escape and no character is cut.
  ByteSlice line() {
    if (length == head.length() + (long) tail.length()) {
      return head.and(tail);
    }
    int end = head.length();
    while (end > 0 && !plainBefore(end)) {
      end--;
    }
    int start = 1;
    while (start < tail.length() && !Character.isLetterOrDigit(tail.at(start - 1))) {
      start++;
    }
    return head.first(end).and(tail.from(start));
  }

  /// Whether the 6 bytes of the head before `end` are ASCII without a backslash: as many as JSON's
  /// longest escape has.
  private boolean plainBefore(int end) {
    for (int i = Math.max(0, end - 6); i < end; i++) {
      if (head.at(i) < ' ' || head.at(i) == '\\') {
        return false;
      }
    }
    return true;
  }
}
