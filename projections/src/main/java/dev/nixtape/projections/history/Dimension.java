package dev.nixtape.projections.history;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/// By what days are also summed up.
public enum Dimension {
  HOST,
  USER,
  /// Where substitutions, copies and downloads come from, and who is asked about a path.
  SUBSTITUTER,
  /// What a build waits for, and on which host: `lock/builder-1`.
  WAIT,
  /// What became of a question to a substituter: `missed/https://cache.example.org`. Known only
  /// when the path is built or fetched: see `Questioned`.
  ANSWER;

  private final String key = name().toLowerCase(Locale.ROOT);

  String key() {
    return key;
  }

  /// The value of an activity; none for one that has no such thing.
  Optional<String> of(Build build) {
    return switch (this) {
      case HOST -> Optional.of(build.host());
      case USER -> Optional.of(Sample.user(build));
      case SUBSTITUTER ->
          switch (build.kind()) {
            case SUBSTITUTE, COPY, DOWNLOAD, QUERY ->
                Optional.ofNullable(build.uri()).map(Dimension::store);
            case BUILD, FETCH, IMPORT, WAIT, HOOK, OPTIMISE, VERIFY, OTHER -> Optional.empty();
          };
      case WAIT ->
          build.kind() == Kind.WAIT
              ? Optional.of(waitsFor(build.name()) + "/" + build.host())
              : Optional.empty();
      case ANSWER -> Optional.empty();
    };
  }

  /// The store that an address is of: a download's is that of a file in it.
  static String store(String address) {
    try {
      URI uri = URI.create(address);
      return uri.getScheme() != null && uri.getScheme().startsWith("http") && uri.getHost() != null
          ? uri.getScheme() + "://" + uri.getRawAuthority()
          : address;
    } catch (IllegalArgumentException e) {
      return address;
    }
  }

  /// What a wait is for, from Nix's words (`src/libstore/build`): `waiting for lock on 'PATH', …`,
  /// `waiting for a machine to build 'DRV'`, `waiting for a free build user ID for 'DRV'` (in old
  /// ones `waiting for UID to build 'DRV'`), and `resolved derivation: 'DRV' -> 'DRV'`, which lasts
  /// as long as the build of the second. Names in them can hold any of these words.
  public static String waitsFor(String text) {
    if (text.startsWith("waiting for lock on ")) {
      return "lock";
    }
    if (text.startsWith("waiting for a machine ")) {
      return "machine";
    }
    if (text.startsWith("waiting for a free build user ") || text.startsWith("waiting for UID ")) {
      return "build user";
    }
    return text.startsWith("resolved derivation:") ? "resolved" : "other";
  }
}
