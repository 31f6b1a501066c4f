package dev.nixtape.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.nix.Derivation;
import dev.nixtape.projections.nix.StorePath;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// A derivation's outputs, as its builder is told them and as Nix locks them.
///
/// @param paths of each output, where Nix may have it made
/// @param locks names of the files in the store that are locked while it builds, and no other
///   derivation's: what is fetched may be fetched by several
record Outputs(Map<String, Set<String>> paths, Set<String> locks) {
  /// src/libutil/base-nix-32.cc
  private static final String DIGITS = "0123456789abcdfghijklmnpqrsvwxyz";

  private static final int HASH_BYTES = 20;

  static Outputs of(String drvPath, Derivation derivation) {
    Map<String, Set<String>> paths = new TreeMap<>();
    Set<String> locks = new HashSet<>();
    String store = drvPath.substring(0, drvPath.lastIndexOf('/'));
    String drv = drvPath.substring(store.length() + 1);
    for (Derivation.Output output : derivation.outputs()) {
      String path = output.path();
      if (path.isEmpty()) {
        String name = StorePath.name(drvPath);
        String full = output.name().equals("out") ? name : name + "-" + output.name();
        paths.put(
            output.name(),
            Set.of(elsewhere(store, "rewrite:%s:name:%s".formatted(drv, output.name()), full)));
        locks.add("%s.%s.lock".formatted(drv, output.name()));
      } else {
        String base = path.substring(path.lastIndexOf('/') + 1);
        paths.put(
            output.name(),
            Set.of(
                path,
                elsewhere(store, "rewrite:%s:%s".formatted(drv, base), StorePath.name(path))));
        if (output.hash().isEmpty()) {
          locks.add(base + ".lock");
        }
      }
    }
    return new Outputs(paths, locks);
  }

  /// Whether somebody was told to make exactly these.
  ///
  /// @param told by output, the path
  boolean match(Map<String, String> told) {
    return !paths.isEmpty()
        && paths.entrySet().stream()
            .allMatch(output -> output.getValue().contains(told.getOrDefault(output.getKey(), "")));
  }

  /// Where Nix has an output made that it cannot make in its place: it is there already and is
  /// built to compare, or nobody knows its path yet. `makeFallbackPath` in
  /// src/libstore/build/derivation-building-goal.cc.
  private static String elsewhere(String store, String type, String name) {
    byte[] digest = sha256("%s:sha256:%s:%s:%s".formatted(type, "0".repeat(64), store, name));
    byte[] folded = new byte[HASH_BYTES];
    for (int i = 0; i < digest.length; i++) {
      folded[i % HASH_BYTES] ^= digest[i];
    }
    return "%s/%s-%s".formatted(store, base32(folded), name);
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-256", e);
    }
  }

  /// Five bits a digit, the last ones first.
  private static String base32(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (int digit = bytes.length * 8 / 5 - 1; digit >= 0; digit--) {
      int bit = digit * 5;
      int low = bytes[bit / 8] & 0xff;
      int high = bit / 8 + 1 < bytes.length ? bytes[bit / 8 + 1] & 0xff : 0;
      text.append(DIGITS.charAt((low | high << 8) >> bit % 8 & 31));
    }
    return text.toString();
  }
}
