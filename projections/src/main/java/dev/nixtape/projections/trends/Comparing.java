package dev.nixtape.projections.trends;

import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Regressions.Row;
import dev.nixtape.projections.Regressions.What;
import dev.nixtape.projections.TimeSpan;
import dev.nixtape.projections.history.Past;
import dev.nixtape.projections.history.Sample;
import dev.nixtape.projections.history.Sample.Phase;
import dev.nixtape.projections.nix.StorePath;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Tests a period against the one before it: each package and system as a whole, by host, by phase
/// and by both.
public final class Comparing {
  private Comparing() {}

  /// All tests of a partition, on all processors. A package's samples are in one partition.
  public static Tests of(Past past, TimeSpan span) {
    return Tests.of(
        List.copyOf(past.packages(Kind.BUILD)).parallelStream()
            .map(pkg -> tests(builds(past, pkg, span), span.days()))
            .toList());
  }

  private static Map<What, Compared> builds(Past past, String pkg, TimeSpan span) {
    Map<What, Compared> builds = new HashMap<>();
    Map<String, String> names = new HashMap<>();
    long begin = span.since().toEpochMilli();
    past.samples(
        Kind.BUILD,
        pkg,
        span.before().since(),
        span.until(),
        sample -> {
          String name = names.computeIfAbsent(sample.name(), StorePath::unversioned);
          add(builds, name, null, sample, sample.at() >= begin);
          add(builds, name, sample.host(), sample, sample.at() >= begin);
        });
    return builds;
  }

  private static void add(
      Map<What, Compared> builds,
      String name,
      @Nullable String host,
      Sample sample,
      boolean isAfter) {
    builds
        .computeIfAbsent(new What(name, sample.system(), null, host), _ -> new Compared())
        .add(isAfter, sample);
    if (sample.isTimed(Kind.BUILD)) {
      for (Phase phase : sample.phases()) {
        builds
            .computeIfAbsent(
                new What(name, sample.system(), phase.name(), host), _ -> new Compared())
            .addTime(isAfter, phase.durationMs());
      }
    }
  }

  private static Tests tests(Map<What, Compared> builds, double days) {
    long[] made = {0};
    List<Row> rows = new ArrayList<>();
    builds.forEach((what, compared) -> {
      if (isAllOfIt(what, compared, builds)) {
        return;
      }
      if (compared.isTimed()) {
        made[0]++;
        compared.shifted(what, days).ifPresent(rows::add);
      }
      if (compared.failing().enough()) {
        made[0]++;
        compared.failing(what, days).ifPresent(rows::add);
      }
    });
    return new Tests(made[0], rows);
  }

  /// A host that builds all there is of it need not be tested by itself.
  private static boolean isAllOfIt(What what, Compared compared, Map<What, Compared> builds) {
    What everywhere = new What(what.name(), what.system(), what.phase(), null);
    return what.host() != null
        && Objects.requireNonNull(builds.get(everywhere)).size() == compared.size();
  }
}
