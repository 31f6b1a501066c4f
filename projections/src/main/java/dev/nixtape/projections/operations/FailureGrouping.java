package dev.nixtape.projections.operations;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.During;
import dev.nixtape.projections.Failures;
import dev.nixtape.projections.Failures.Group;
import dev.nixtape.projections.PackageName;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Puts failures together that are for the same reason.
public final class FailureGrouping {
  private final Map<Key, Same> groups = new HashMap<>();
  private long failed;
  private long logsRead;

  private record Key(String reason, @Nullable String line) {}

  private static final class Same {
    private final TreeSet<String> packages = new TreeSet<>();
    private final TreeSet<String> hosts = new TreeSet<>();
    private final Build last;
    private final @Nullable String lastLine;
    private Instant firstAt;
    private long count;

    Same(Build last, @Nullable String lastLine) {
      this.last = last;
      this.lastLine = lastLine;
      this.firstAt = end(last);
    }
  }

  /// Adds a failure that is older than those before.
  ///
  /// @param line the telling line of its log; null when that was not read
  public void add(Build build, @Nullable String line) {
    failed++;
    logsRead += line == null ? 0 : 1;
    Key key =
        new Key(
            build.reason() == null ? "unknown" : TellingLine.normalised(build.reason()),
            line == null ? null : TellingLine.normalised(line));
    Same same = groups.computeIfAbsent(key, _ -> new Same(build, line));
    same.count++;
    same.firstAt = end(build);
    same.packages.add(PackageName.of(build.name()));
    same.hosts.add(build.host());
  }

  public Failures all(During during) {
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
