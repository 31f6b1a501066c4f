package dev.nixtape.projections.nix;

/// Names out of store paths.
public final class StorePath {
  /// Length of the hash in front of a store path's name.
  private static final int HASH = 32;

  private StorePath() {}

  /// The name of a store path: without directory and hash, a derivation's without `.drv`. Text of
  /// another form is returned as it is.
  public static String name(String path) {
    String base = path.substring(path.lastIndexOf('/') + 1);
    boolean hashed = base.length() > HASH + 1 && base.charAt(HASH) == '-';
    String name = hashed ? base.substring(HASH + 1) : base;
    return name.endsWith(".drv") ? name.substring(0, name.length() - ".drv".length()) : name;
  }

  /// What `builtins.parseDrvName` takes for the name in a name: what stands before the first dash
  /// that no letter follows. It stands in for a `pname` that a derivation does not say, or that
  /// nobody could read.
  public static String pname(String name) {
    int version = versionStart(name);
    return version < 0 ? name : name.substring(0, version - 1);
  }

  /// What `builtins.parseDrvName` takes for the version in a name, "" when it has none.
  public static String version(String name) {
    int version = versionStart(name);
    return version < 0 ? "" : name.substring(version);
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
