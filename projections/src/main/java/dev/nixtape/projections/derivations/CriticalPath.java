package dev.nixtape.projections.derivations;

import dev.nixtape.projections.Build;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Which builds and substitutions, each waiting for the one before it, made a run so long.
///
/// @param sessions of the run
/// @param steps builds and substitutions that it had
/// @param realMs from the first start to the last end
/// @param unlimitedMs what it had taken if nothing had waited for a slot or a lock: the longest
///   chain by durations alone
/// @param links the chain that ended last, in the order of time; their gaps and durations make
///   `realMs`
public record CriticalPath(
    List<String> sessions,
    int steps,
    Instant startedAt,
    Instant endedAt,
    long realMs,
    long unlimitedMs,
    List<Link> links) {

  public CriticalPath {
    sessions = List.copyOf(sessions);
    links = List.copyOf(links);
  }

  /// @param outcome null while it runs
  /// @param gapMs between the end of what it needed, or the run's first start, and its own start:
  ///   it waited for a slot or a lock, or for what is no build
  /// @param savedMs what the longest chain would be shorter if it had taken no time: if it had been
  ///   in a cache
  public record Link(
      String id,
      Build.Kind kind,
      String name,
      @Nullable String drvPath,
      String host,
      Build.@Nullable Outcome outcome,
      Instant startedAt,
      long durationMs,
      long gapMs,
      long savedMs) {}

  /// Of the builds and substitutions of a run; empty when it had none.
  ///
  /// @param now the end of what still runs
  public static Optional<CriticalPath> of(
      List<String> sessions, Collection<Build> activities, Graph graph, Instant now) {
    Steps steps = new Steps(activities, graph, now);
    return steps.last().map(last -> steps.path(sessions, last));
  }

  /// What really ran, and which of it waited for which.
  private static final class Steps {
    private final Instant now;
    private final Map<String, Build> byDerivation = new HashMap<>();
    private final List<Build> inOrder = new ArrayList<>();
    private final Map<Build, List<Build>> needs = new HashMap<>();

    Steps(Collection<Build> activities, Graph graph, Instant now) {
      this.now = now;
      Run run = new Run(activities);
      for (String drvPath : graph.inputsFirst()) {
        run.of(graph.node(drvPath))
            .ifPresent(step -> {
              List<Build> needed =
                  graph.node(drvPath).inputs().stream()
                      .flatMap(input -> Optional.ofNullable(byDerivation.get(input)).stream())
                      .filter(input -> awaited(input, step))
                      .toList();
              byDerivation.put(drvPath, step);
              add(step, needed);
            });
      }
      // What belongs to no derivation that somebody read, or was tried once more afterwards.
      for (Build activity : activities) {
        if (!needs.containsKey(activity)) {
          add(activity, List.of());
        }
      }
    }

    /// A build began when all that it needs was there; what a substitution waits for is what it
    /// refers to, which may be less than its derivation needs.
    private boolean awaited(Build input, Build step) {
      return step.kind() == Build.Kind.BUILD || !end(input).isAfter(step.startedAt());
    }

    private void add(Build step, List<Build> needed) {
      if (needs.putIfAbsent(step, needed) == null) {
        inOrder.add(step);
      }
    }

    private Instant end(Build step) {
      return step.finishedAt() == null ? now : step.finishedAt();
    }

    /// Of several that ended at once, as it looks when a host was too busy to read sooner, the one
    /// that needs the others.
    Optional<Build> last() {
      return inOrder.stream().reduce((one, other) -> end(other).isBefore(end(one)) ? one : other);
    }

    CriticalPath path(List<String> sessions, Build last) {
      Instant began =
          inOrder.stream().map(Build::startedAt).min(Comparator.naturalOrder()).orElseThrow();
      long unlimited = longest(null);
      List<Link> links = new ArrayList<>();
      for (Optional<Build> at = Optional.of(last); at.isPresent(); ) {
        Build step = at.get();
        at = needed(step).stream().max(Comparator.comparing(this::end));
        Instant ready = at.map(this::end).orElse(began);
        links.addFirst(
            new Link(
                step.id(),
                step.kind(),
                step.name(),
                step.drvPath(),
                step.host(),
                step.outcome(),
                step.startedAt(),
                millis(step),
                Math.max(0, Duration.between(ready, step.startedAt()).toMillis()),
                unlimited - longest(step)));
      }
      Instant ended = end(last);
      return new CriticalPath(
          sessions,
          inOrder.size(),
          began,
          ended,
          Duration.between(began, ended).toMillis(),
          unlimited,
          links);
    }

    private List<Build> needed(Build step) {
      return needs.getOrDefault(step, List.of());
    }

    private long millis(Build step) {
      return step.elapsed(now).toMillis();
    }

    /// The longest chain by durations.
    ///
    /// @param free what takes no time in it
    private long longest(@Nullable Build free) {
      Map<Build, Long> ends = new HashMap<>();
      long longest = 0;
      for (Build step : inOrder) {
        long begins =
            needed(step).stream().mapToLong(each -> ends.getOrDefault(each, 0L)).max().orElse(0);
        long itsEnd = begins + (step.equals(free) ? 0 : millis(step));
        ends.put(step, itsEnd);
        longest = Math.max(longest, itsEnd);
      }
      return longest;
    }
  }
}
