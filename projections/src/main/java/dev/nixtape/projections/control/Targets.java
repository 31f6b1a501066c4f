package dev.nixtape.projections.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.NotKnown;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Which builds somebody means: named ones, all that run and fit, or all that run.
///
/// @param builds ids, or the beginnings of ids
/// @param drv a derivation's path, its name, or its name without version
/// @param session of the run that they belong to
/// @param user a name or a uid
/// @param host that tells of them
/// @param all of all hosts
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
public record Targets(
    List<String> builds,
    @Nullable String drv,
    @Nullable String session,
    @Nullable String user,
    @Nullable String host,
    boolean all) {

  public Targets {
    builds = List.copyOf(Objects.requireNonNullElse(builds, List.of()));
    boolean filtered = Stream.of(drv, session, user, host).anyMatch(Objects::nonNull);
    long ways = Stream.of(!builds.isEmpty(), filtered, all).filter(way -> way).count();
    if (ways != 1) {
      throw new IllegalArgumentException(
          ways == 0
              ? "which builds? Name them by id, or by drv, session, user or host, or say all"
              : "name builds by id, or by drv, session, user and host, or say all: one of these");
    }
  }

  public static Targets of(List<String> builds) {
    return new Targets(builds, null, null, null, null, false);
  }

  /// Those of what runs that fit. Throws `NotKnown` when none does, and says what is near.
  ///
  /// @param running everything that runs
  /// @param run the ids of the sessions that belong to the same run as `session`
  public List<Build> among(List<Build> running, Collection<String> run) {
    List<Build> builds =
        running.stream().filter(build -> build.kind() == Build.Kind.BUILD).toList();
    List<Build> meant = builds.stream().filter(build -> fits(build, run)).toList();
    if (meant.isEmpty()) {
      throw nothing(builds);
    }
    return meant;
  }

  private boolean fits(Build build, Collection<String> run) {
    return (drv == null
            || drv.equals(build.drvPath())
            || drv.equals(build.name())
            || drv.equals(build.pname()))
        && (session == null || run.contains(build.session()))
        && (user == null || user.equals(build.user()) || user.equals(String.valueOf(build.uid())))
        && (host == null || host.equals(build.host()));
  }

  private NotKnown nothing(List<Build> builds) {
    if (drv != null) {
      return new NotKnown(
          "no build of '%s' runs that fits".formatted(drv),
          drv,
          builds.stream()
              .flatMap(build -> Stream.of(Objects.toString(build.pname(), ""), build.name()))
              .toList());
    }
    if (host != null) {
      return new NotKnown(
          "no build runs that host '%s' tells of and that fits".formatted(host),
          host,
          builds.stream().map(Build::host).toList());
    }
    if (user != null) {
      return new NotKnown(
          "no build runs for '%s' that fits".formatted(user),
          user,
          builds.stream().map(build -> Objects.toString(build.user(), "")).toList());
    }
    if (session != null) {
      return new NotKnown(
          "no build runs in the session '%s'".formatted(session),
          session,
          builds.stream().map(Build::session).toList());
    }
    return new NotKnown("no build runs", "", List.of());
  }
}
