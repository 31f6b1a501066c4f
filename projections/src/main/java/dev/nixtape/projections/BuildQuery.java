package dev.nixtape.projections;

import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import java.time.Instant;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Which activities somebody asks for.
///
/// @param show which states
/// @param host only of this host
/// @param user only for this user (a name, or a uid)
/// @param name only of what has this name, this `pname`, or is of this package
/// @param kind only of this kind
/// @param since only what ran at that time or later
/// @param limit finished ones at most, newest first
public record BuildQuery(
    Show show,
    Optional<String> host,
    Optional<String> user,
    Optional<String> name,
    Optional<Kind> kind,
    Optional<Instant> since,
    long limit) {

  public static final long RECENT = 20;

  public enum Show {
    /// What runs now, and the builds that finished last.
    CURRENT,
    RUNNING,
    FAILED,
    ALL;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public BuildQuery {
    if (limit < 0) {
      throw new IllegalArgumentException("limit: a number from 0 on, not " + limit);
    }
  }

  public static BuildQuery of(Show show) {
    return new BuildQuery(
        show,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        show == Show.CURRENT ? RECENT : Long.MAX_VALUE);
  }

  public boolean matches(Build build) {
    return shown(build)
        && host.map(build.host()::equals).orElse(true)
        && user.map(u -> u.equals(build.user()) || u.equals(String.valueOf(build.uid())))
            .orElse(true)
        && name.map(n -> isNamed(build, n)).orElse(true)
        && kind.map(k -> k == build.kind()).orElse(true)
        && since
            .map(t -> build.finishedAt() == null || !build.finishedAt().isBefore(t))
            .orElse(true);
  }

  private static boolean isNamed(Build build, String name) {
    return name.equals(build.name())
        || name.equals(build.pname())
        || name.equals(PackageName.of(build.name()));
  }

  /// The kinds that ended activities in its answer can be of.
  public Set<Kind> endedKinds() {
    Set<Kind> shown =
        switch (show) {
          case RUNNING -> EnumSet.noneOf(Kind.class);
          case CURRENT -> EnumSet.of(Kind.BUILD);
          case FAILED, ALL -> EnumSet.allOf(Kind.class);
        };
    kind.ifPresent(only -> shown.removeIf(other -> other != only));
    return shown;
  }

  private boolean shown(Build build) {
    return switch (show) {
      case CURRENT -> build.running() || build.kind() == Kind.BUILD;
      case RUNNING -> build.running();
      case FAILED -> !build.running() && build.outcome() == Outcome.FAILED;
      case ALL -> true;
    };
  }

  /// As parameters of a URL, without the question mark.
  public String toParameters() {
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("show", show.text());
    host.ifPresent(h -> parameters.put("host", h));
    user.ifPresent(u -> parameters.put("user", u));
    name.ifPresent(n -> parameters.put("name", n));
    kind.ifPresent(k -> parameters.put("kind", k.json()));
    since.ifPresent(t -> parameters.put("since", Rfc3339.write(t)));
    if (limit != Long.MAX_VALUE) {
      parameters.put("limit", Long.toString(limit));
    }
    return Parameters.write(parameters);
  }

  /// Reads parameters. Throws `IllegalArgumentException` that names the bad one.
  public static BuildQuery of(Map<String, String> parameters) {
    Parameters asked =
        new Parameters(parameters, "show", "host", "user", "name", "kind", "since", "limit");
    Show show = asked.constant(Show.class, "show").orElse(Show.CURRENT);
    return new BuildQuery(
        show,
        asked.text("host"),
        asked.text("user"),
        asked.text("name"),
        asked.constant(Kind.class, "kind"),
        asked.time("since"),
        asked.number("limit").orElse(of(show).limit()));
  }
}
