package dev.nixtape.projections.fold;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.tape.SessionId;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;

/// An activity's name among all of a farm's, of all times: 80 bits of a digest of host, Nix's id,
/// boot and first appearance. Nix's own ids repeat across hosts and after a wrap of the pids.
final class ActivityId {
  private ActivityId() {}

  static String of(String host, long nixId, String boot, Instant first) {
    String identity =
        "%s/%s/%s/%d".formatted(host, Long.toUnsignedString(nixId), boot, first.toEpochMilli());
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(identity.getBytes(UTF_8));
      long high = ByteBuffer.wrap(digest).getLong();
      long low = ByteBuffer.wrap(digest, 5, 8).getLong();
      return SessionId.base32(high >>> 24, 40) + SessionId.base32(low >>> 24, 40);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
