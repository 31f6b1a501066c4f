package dev.nixtape.projections.control;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Rfc3339;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/// Whom to ask to act on which build.
///
/// @param steps one a build
/// @param left what nobody can be asked to act on
public record Plan(List<Step> steps, List<Left> left) {
  private static final String LOCAL = "local";

  /// @param host whose agent can act on it: where its builder runs
  /// @param build as that host tells of it
  public record Step(String host, Build build) {
    public Command.Target target() {
      return new Command.Target(build.id(), Objects.requireNonNull(build.drvPath()));
    }
  }

  /// @param why nobody can be asked, and what would help
  public record Left(Build build, String why) {}

  public Plan {
    steps = List.copyOf(steps);
    left = List.copyOf(left);
  }

  /// @param meant the builds that somebody means
  /// @param running everything that runs, on all hosts
  public static Plan of(List<Build> meant, List<Build> running) {
    // A build on another machine is told of by both; it gets one command.
    Map<List<String>, Step> steps = new LinkedHashMap<>();
    List<Left> left = new ArrayList<>();
    for (Build build : meant) {
      String drvPath = build.drvPath();
      if (build.kind() != Build.Kind.BUILD || drvPath == null) {
        left.add(new Left(build, "it is no build: nothing of it runs in processes of its own"));
      } else if (!build.running()) {
        left.add(
            new Left(
                build, "it ended at " + Rfc3339.write(Objects.requireNonNull(build.finishedAt()))));
      } else if (local(build)) {
        steps.putIfAbsent(List.of(build.host(), drvPath), new Step(build.host(), build));
      } else {
        List<Build> there =
            running.stream()
                .filter(other ->
                    other.running()
                        && other.kind() == Build.Kind.BUILD
                        && drvPath.equals(other.drvPath())
                        && local(other)
                        && named(Objects.requireNonNull(build.machine()), other.host()))
                .toList();
        if (there.size() == 1) {
          Build inner = there.getFirst();
          steps.putIfAbsent(List.of(inner.host(), drvPath), new Step(inner.host(), inner));
        } else {
          left.add(
              new Left(
                  build,
                  there.isEmpty()
                      ? "it runs on %s, and no host of that name tells of it: record that machine too, with an agent on it"
                          .formatted(build.machine())
                      : "it runs on %s, and several hosts of that name tell of it: name one of %s"
                          .formatted(
                              build.machine(),
                              String.join(", ", there.stream().map(Build::id).toList()))));
        }
      }
    }
    return new Plan(List.copyOf(steps.values()), left);
  }

  private static boolean local(Build build) {
    return build.machine() == null || build.machine().equals(LOCAL);
  }

  /// Whether a store's URI (`ssh-ng://nix@builder-7.example.org?…`) is of a host. Where one of them
  /// has no domain the first label decides; an address is no name.
  static boolean named(String uri, String host) {
    String name =
        uri.replaceFirst("^[a-z0-9+.-]+://", "")
            .replaceFirst("[/?].*", "")
            .replaceFirst("^.*@", "")
            .replaceFirst(":[0-9]+$", "")
            .toLowerCase(Locale.ROOT);
    String other = host.toLowerCase(Locale.ROOT);
    return name.equals(other)
        || (Stream.of(name, other).anyMatch(each -> each.indexOf('.') < 0)
            && name.chars().anyMatch(Character::isLetter)
            && label(name).equals(label(other)));
  }

  private static String label(String name) {
    int dot = name.indexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }
}
