package dev.nixtape.projections.operations;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.During;
import dev.nixtape.projections.Failures;
import dev.nixtape.projections.Failures.Group;
import dev.nixtape.projections.PackageName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Puts failures together that are for the same reason.
public final class FailureGrouping {
  /// Of so many failures, without last lines of their own, the logs are looked at.
  private static final int LOGS_READ = 200;

  private final Map<Key, Same> groups = new HashMap<>();
  private long failed;
  private long logsRead;

  private FailureGrouping() {}

  private record Key(String reason, @Nullable String line) {}

  private static final class Same {
    private final TreeSet<String> packages = new TreeSet<>();
    private final TreeSet<String> hosts = new TreeSet<>();
    private Build last;
    private @Nullable String lastLine;
    private Instant firstAt;
    private long count;

    Same(Build build, @Nullable String line) {
      this.last = build;
      this.lastLine = line;
      this.firstAt = end(build);
    }

    void add(Build build, @Nullable String line) {
      count++;
      packages.add(PackageName.of(build.name()));
      hosts.add(build.host());
      if (end(build).isAfter(end(last))) {
        last = build;
        lastLine = line;
      }
      if (end(build).isBefore(firstAt)) {
        firstAt = end(build);
      }
    }
  }

  /// Most failures bring their last lines along. Of the newest of those that do not, the logs' ends
  /// are asked for.
  ///
  /// @param failed builds that failed, the newest first
  /// @param logEnds the last lines of builds by their ids, without those that it cannot tell
  public static Failures of(
      Stream<Build> failed,
      Function<List<Build>, Map<String, List<String>>> logEnds,
      During during) {
    FailureGrouping grouping = new FailureGrouping();
    List<Build> without = new ArrayList<>();
    failed.forEach(build -> {
      if (!build.lastLines().isEmpty()) {
        grouping.add(build, build.lastLines());
      } else if (without.size() < LOGS_READ) {
        without.add(build);
      } else {
        grouping.add(build, null);
      }
    });
    Map<String, List<String>> ends = logEnds.apply(without);
    without.forEach(build -> grouping.add(build, ends.get(build.id())));
    return grouping.all(during);
  }

  private void add(Build build, @Nullable List<String> lastLines) {
    failed++;
    logsRead += lastLines == null ? 0 : 1;
    String line = lastLines == null ? null : TellingLine.of(lastLines);
    Key key =
        new Key(
            build.reason() == null ? "unknown" : TellingLine.normalised(build.reason()),
            line == null ? null : TellingLine.normalised(line));
    groups.computeIfAbsent(key, _ -> new Same(build, line)).add(build, line);
  }

  private Failures all(During during) {
    return new Failures(
        during.since().orElse(null),
        during.until().orElse(null),
        failed,
        logsRead,
        groups.entrySet().stream()
            .map(group -> group(group.getKey(), group.getValue()))
            .sorted(
                Comparator.comparingLong(Group::count)
                    .thenComparing(Group::lastAt)
                    .reversed()
                    .thenComparing(Group::example))
            .toList());
  }

  private static Group group(Key key, Same same) {
    return new Group(
        key.reason,
        key.line,
        same.count,
        List.copyOf(same.packages),
        List.copyOf(same.hosts),
        same.firstAt,
        end(same.last),
        same.last.id(),
        same.lastLine);
  }

  private static Instant end(Build build) {
    return Objects.requireNonNullElse(build.finishedAt(), build.startedAt());
  }
}
