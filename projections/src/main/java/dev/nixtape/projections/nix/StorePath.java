package dev.nixtape.projections.nix;

import java.util.regex.Pattern;

/// Names out of store paths.
public final class StorePath {
  /// Length of the hash in front of a store path's name.
  private static final int HASH = 32;

  /// A dash that no letter follows, up to the next dash.
  private static final Pattern VERSION = Pattern.compile("-(?!\\p{L})[^-]*");

  private StorePath() {}

  /// The name of a store path: without directory and hash, a derivation's without `.drv`. Text of
  /// another form is returned as it is.
  public static String name(String path) {
    String base = path.substring(path.lastIndexOf('/') + 1);
    boolean hashed = base.length() > HASH + 1 && base.charAt(HASH) == '-';
    String name = hashed ? base.substring(HASH + 1) : base;
    return name.endsWith(".drv") ? name.substring(0, name.length() - ".drv".length()) : name;
  }

  /// A name's package part, as `builtins.parseDrvName` takes it: what stands before the first dash
  /// that no letter follows.
  public static String pname(String name) {
    int version = versionStart(name);
    return version < 0 ? name : name.substring(0, version - 1);
  }

  /// A name's version, "" when it has none.
  public static String version(String name) {
    int version = versionStart(name);
    return version < 0 ? "" : name.substring(version);
  }

  /// A name without what says which version: `linux` for `linux-6.6.1`, but `linux-modules` for
  /// `linux-6.6.1-modules`, which is another thing and takes another time.
  public static String unversioned(String name) {
    return VERSION.matcher(name).replaceAll("");
  }

  private static int versionStart(String name) {
    for (int i = 0; i + 1 < name.length(); i++) {
      if (name.charAt(i) == '-' && !Character.isLetter(name.charAt(i + 1))) {
        return i + 1;
      }
    }
    return -1;
  }
}
