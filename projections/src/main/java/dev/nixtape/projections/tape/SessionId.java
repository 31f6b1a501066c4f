package dev.nixtape.projections.tape;

import java.time.Instant;

/// One connection, pipe or file of one Nix process on one host: the key of its entries in the log.
///
/// @param host the machine's name; no slash
/// @param id 16 characters in Nix's base 32: the time of opening (48 bits of milliseconds), then 32
///   random bits, so that a host's sessions sort by time
public record SessionId(String host, String id) implements Comparable<SessionId> {
  private static final String ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";

  public SessionId {
    if (host.isEmpty() || host.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          "a host's name is not empty and has no slash: '" + host + "'");
    }
    if (id.isEmpty() || id.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          "a session's id is not empty and has no slash: '" + id + "'");
    }
  }

  public static SessionId at(String host, Instant openedAt, int random) {
    return new SessionId(
        host, base32(openedAt.toEpochMilli(), 48) + base32(Integer.toUnsignedLong(random), 32));
  }

  /// Reads `host/id`.
  public static SessionId parse(String key) {
    int slash = key.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("a session's key is host/id, not '" + key + "'");
    }
    return new SessionId(key.substring(0, slash), key.substring(slash + 1));
  }

  /// `host/id`: the record's key.
  public String key() {
    return host + "/" + id;
  }

  @Override
  public int compareTo(SessionId that) {
    int byHost = host.compareTo(that.host);
    return byHost != 0 ? byHost : id.compareTo(that.id);
  }

  @Override
  public String toString() {
    return key();
  }

  /// The lowest `bits` of a number in Nix's base 32, most significant first, padded at its left.
  public static String base32(long value, int bits) {
    int length = (bits + 4) / 5;
    char[] text = new char[length];
    for (int i = length - 1; i >= 0; i--) {
      text[i] = ALPHABET.charAt((int) (value & 31));
      value >>>= 5;
    }
    return new String(text);
  }
}
