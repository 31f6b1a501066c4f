package dev.nixtape.projections;

import java.util.regex.Pattern;

/// What nixtape puts together as one package: all versions of a derivation.
public final class PackageName {
  /// A dash that no letter follows, up to the next dash.
  private static final Pattern VERSION = Pattern.compile("-(?!\\p{L})[^-]*");

  private PackageName() {}

  /// A derivation's name without what says which version: `linux` of `linux-6.6.1`, but
  /// `linux-modules` of `linux-6.6.1-modules`, which is another thing and takes another time. A
  /// package's is its own.
  public static String of(String name) {
    return VERSION.matcher(name).replaceAll("");
  }
}
