package dev.nixtape.ingest;

/// Which paths were seen, in 2 MiB whatever their number: of two that fall on one place, the later
/// one is remembered, and the other may be taken for new once more.
final class SeenPaths {
  private static final int BITS = 18;

  /// 2⁶⁴ divided by the golden ratio: spreads what differs in few bits.
  private static final long SPREAD = 0x9e3779b97f4a7c15L;

  private final long[] hashes = new long[1 << BITS];

  /// False when it was there.
  boolean add(String path) {
    long hash = hash(path);
    int place = place(hash);
    boolean isNew = hashes[place] != hash;
    hashes[place] = hash;
    return isNew;
  }

  void forget(String path) {
    long hash = hash(path);
    if (hashes[place(hash)] == hash) {
      hashes[place(hash)] = 0;
    }
  }

  private static int place(long hash) {
    return (int) (hash >>> (Long.SIZE - BITS));
  }

  private static long hash(String path) {
    long hash = 1;
    for (int i = 0; i < path.length(); i++) {
      hash = (hash ^ path.charAt(i)) * SPREAD;
      hash ^= hash >>> 29;
    }
    return hash * SPREAD;
  }
}
