package dev.nixtape.projections.operations;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.FlakyBuild;
import dev.nixtape.projections.FlakyBuild.Attempt;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/// Finds derivations that failed and later succeeded as they are, or that differed when they were
/// built again.
public final class Flakiness {
  /// Nix's words: `derivation 'DRV' may not be deterministic: output 'PATH' differs`.
  private static final String DIFFERED = "may not be deterministic";

  private Flakiness() {}

  /// @param failed the builds that failed in the period
  /// @param attempts all builds of a name in the period
  public static List<FlakyBuild> of(Stream<Build> failed, Function<String, List<Build>> attempts) {
    Map<String, TreeSet<String>> failedByName = new TreeMap<>();
    failed
        .filter(build -> build.drvPath() != null)
        .forEach(build ->
            failedByName
                .computeIfAbsent(build.name(), _ -> new TreeSet<>())
                .add(Objects.requireNonNull(build.drvPath())));
    List<FlakyBuild> flaky = new ArrayList<>();
    failedByName.forEach((name, drvPaths) -> {
      List<Build> all = attempts.apply(name);
      for (String drvPath : drvPaths) {
        judge(drvPath, all.stream().filter(build -> drvPath.equals(build.drvPath())).toList())
            .ifPresent(flaky::add);
      }
    });
    return flaky;
  }

  /// The most time lost first, of all parts of an answer.
  public static List<FlakyBuild> sorted(Stream<FlakyBuild> parts) {
    return parts
        .sorted(
            Comparator.comparingLong(FlakyBuild::lostMs)
                .reversed()
                .thenComparing(FlakyBuild::drvPath))
        .toList();
  }

  /// @param attempts builds of the derivation
  private static Optional<FlakyBuild> judge(String drvPath, List<Build> attempts) {
    List<Build> succeeded = with(Outcome.SUCCEEDED, attempts);
    List<Build> failed = with(Outcome.FAILED, attempts);
    Build failure = null;
    Build success = null;
    for (Build failing : failed) {
      Optional<Build> later =
          succeeded.stream()
              .filter(build -> !build.startedAt().isBefore(end(failing)))
              .min(Comparator.comparing(Build::startedAt));
      if (differed(failing)) {
        failure = failing;
        success = later.or(() -> succeeded.stream().findFirst()).orElse(null);
      } else if (later.isPresent() && (failure == null || !differed(failure))) {
        failure = failing;
        success = later.get();
      }
    }
    if (failure == null) {
      return Optional.empty();
    }
    return Optional.of(
        new FlakyBuild(
            failure.name(),
            drvPath,
            differed(failure),
            succeeded.size() + failed.size(),
            failed.size(),
            failed.stream()
                .mapToLong(build -> Objects.requireNonNullElse(build.durationMs(), 0L))
                .sum(),
            places(failed),
            places(succeeded),
            attempt(failure),
            success == null ? null : attempt(success)));
  }

  private static List<Build> with(Outcome outcome, List<Build> attempts) {
    return attempts.stream()
        .filter(build -> build.outcome() == outcome)
        .sorted(Comparator.comparing(Flakiness::end))
        .toList();
  }

  private static boolean differed(Build build) {
    return build.reason() != null && build.reason().contains(DIFFERED);
  }

  private static Instant end(Build build) {
    return Objects.requireNonNullElse(build.finishedAt(), build.startedAt());
  }

  private static List<String> places(List<Build> builds) {
    return builds.stream().map(Flakiness::place).distinct().sorted().toList();
  }

  private static String place(Build build) {
    String machine = build.machine();
    return machine == null || machine.equals("local") ? build.host() : machine;
  }

  private static Attempt attempt(Build build) {
    return new Attempt(
        build.id(),
        end(build),
        build.host(),
        place(build),
        build.durationMs(),
        build.outcome() == Outcome.FAILED ? build.reason() : null);
  }
}
