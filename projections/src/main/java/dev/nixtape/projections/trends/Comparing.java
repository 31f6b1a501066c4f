package dev.nixtape.projections.trends;

import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Regressions.Row;
import dev.nixtape.projections.Regressions.What;
import dev.nixtape.projections.TimeSpan;
import dev.nixtape.projections.history.Past;
import dev.nixtape.projections.history.Sample;
import dev.nixtape.projections.history.Sample.Phase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Tests a period against the one before it: each package and system as a whole, by host, by phase
/// and by both.
public final class Comparing {
  private final TimeSpan span;
  private final List<Row> rows = new ArrayList<>();
  private long made;

  private Comparing(TimeSpan span) {
    this.span = span;
  }

  /// All tests of a partition, on all processors. A package's samples are in one partition.
  public static Tests of(Past past, TimeSpan span) {
    return Tests.of(
        past.batches(Kind.BUILD).parallelStream().map(batch -> of(past, batch, span)).toList());
  }

  private static Tests of(Past past, List<String> batch, TimeSpan span) {
    Comparing comparing = new Comparing(span);
    past.samples(Kind.BUILD, batch, span.before().since(), span.until())
        .forEach(comparing::compareAll);
    return new Tests(comparing.made, comparing.rows);
  }

  private void compareAll(String pkg, List<Sample> samples) {
    Map<String, List<Sample>> systems = new HashMap<>();
    for (Sample sample : samples) {
      systems.computeIfAbsent(sample.system(), _ -> new ArrayList<>()).add(sample);
    }
    systems.forEach((system, builds) -> compare(new What(pkg, system, null, null), builds));
  }

  private void compare(What what, List<Sample> samples) {
    if (!test(what, samples)) {
      return;
    }
    Map<String, List<Sample>> hosts = new HashMap<>();
    for (Sample sample : samples) {
      hosts.computeIfAbsent(sample.host(), _ -> new ArrayList<>()).add(sample);
    }
    if (hosts.size() > 1) {
      hosts.forEach((host, some) -> test(new What(what.name(), what.system(), null, host), some));
    }
  }

  /// Tests builds, and each of their phases. Most packages are built so seldom that there is
  /// nothing to test; then there is not in a part of their builds either.
  ///
  /// @return whether there was
  private boolean test(What what, List<Sample> samples) {
    Compared builds = new Compared();
    for (Sample sample : samples) {
      builds.add(isAfter(sample), sample);
    }
    boolean fails = builds.failing().enough();
    if (fails) {
      made++;
      builds.failing(what, span.days()).ifPresent(rows::add);
    }
    if (builds.isTimed()) {
      shifted(what, builds);
      testPhases(what, samples);
    }
    return fails || builds.isTimed();
  }

  private void testPhases(What what, List<Sample> samples) {
    Map<String, Compared> phases = new HashMap<>();
    for (Sample sample : samples) {
      if (sample.isTimed(Kind.BUILD)) {
        for (Phase phase : sample.phases()) {
          phases
              .computeIfAbsent(phase.name(), _ -> new Compared())
              .addTime(isAfter(sample), phase.durationMs());
        }
      }
    }
    phases.forEach((phase, compared) -> {
      if (compared.isTimed()) {
        shifted(new What(what.name(), what.system(), phase, what.host()), compared);
      }
    });
  }

  private void shifted(What what, Compared compared) {
    made++;
    compared.shifted(what, span.days()).ifPresent(rows::add);
  }

  private boolean isAfter(Sample sample) {
    return sample.at() >= span.since().toEpochMilli();
  }
}
