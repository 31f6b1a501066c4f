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
  /// What a build waits for.
  WAIT;

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
          build.kind() == Kind.WAIT ? Optional.of(waitsFor(build.name())) : Optional.empty();
    };
  }

  /// The store that an address is of: a download's is that of a file in it.
  private static String store(String address) {
    try {
      URI uri = URI.create(address);
      return uri.getScheme() != null && uri.getScheme().startsWith("http") && uri.getHost() != null
          ? uri.getScheme() + "://" + uri.getRawAuthority()
          : address;
    } catch (IllegalArgumentException e) {
      return address;
    }
  }

  /// Nix's words without the paths in them.
  private static String waitsFor(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.contains("lock")) {
      return "lock";
    }
    if (lower.contains("machine")) {
      return "machine";
    }
    return lower.contains("build user") ? "build user" : "other";
  }
}
