package dev.nixtape.projections.derivations;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.derivations.TreeView.Row;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What became of derivations and of all that they need in a run, and how much of that is shown.
public final class Tree {
  private static final Comparator<Build> BY_START = Comparator.comparing(Build::startedAt);

  private final Graph graph;
  private final List<String> roots;
  private final List<String> inputsFirst;
  private final Map<String, Build> activities = new HashMap<>();
  private final Map<String, NodeState> states = new HashMap<>();

  /// The most that matters of a derivation and of all that it needs.
  private final Map<String, NodeState> matters = new HashMap<>();

  public Tree(Graph graph, Collection<String> roots, Run run) {
    this.graph = graph;
    this.roots = List.copyOf(roots);
    this.inputsFirst = graph.inputsFirst();
    for (Node node : graph.nodes()) {
      run.of(node).ifPresent(activity -> activities.put(node.drvPath(), activity));
    }
    decide();
  }

  private void decide() {
    // What a build that began needs was there by then.
    Set<String> there = new HashSet<>();
    for (Node node : graph.nodes()) {
      Build activity = activities.get(node.drvPath());
      if (activity != null
          && activity.kind() == Build.Kind.BUILD
          && activity.outcome() != Build.Outcome.CACHED) {
        there.addAll(node.inputs());
      }
    }
    Set<String> broken = new HashSet<>();
    Set<String> unfinished = new HashSet<>();
    for (String drvPath : inputsFirst) {
      Build activity = activities.get(drvPath);
      if (activity != null) {
        switch (state(activity)) {
          case FAILED, INTERRUPTED -> broken.add(drvPath);
          case RUNNING -> unfinished.add(drvPath);
          case BLOCKED, WAITING, BUILT, SUBSTITUTED, THERE, UNKNOWN, UNNEEDED -> {
            // It is there, or nobody knows.
          }
        }
      } else if (!there.contains(drvPath)) {
        List<String> inputs = graph.node(drvPath).inputs();
        if (inputs.stream().anyMatch(broken::contains)) {
          broken.add(drvPath);
        } else if (inputs.stream().anyMatch(unfinished::contains)) {
          unfinished.add(drvPath);
        }
      }
    }
    Set<String> open = new HashSet<>(roots);
    for (String drvPath : inputsFirst.reversed()) {
      NodeState state = state(drvPath, there, broken, unfinished, open);
      states.put(drvPath, state);
      if (state == NodeState.BLOCKED || state == NodeState.WAITING || state == NodeState.UNKNOWN) {
        open.addAll(graph.node(drvPath).inputs());
      }
    }
    for (String drvPath : inputsFirst) {
      NodeState most = state(drvPath);
      for (String input : graph.node(drvPath).inputs()) {
        NodeState its = matters.getOrDefault(input, NodeState.UNNEEDED);
        most = its.compareTo(most) < 0 ? its : most;
      }
      matters.put(drvPath, most);
    }
  }

  private NodeState state(
      String drvPath,
      Set<String> there,
      Set<String> broken,
      Set<String> unfinished,
      Set<String> open) {
    Build activity = activities.get(drvPath);
    if (activity != null) {
      return state(activity);
    }
    if (there.contains(drvPath)) {
      return NodeState.THERE;
    }
    if (broken.contains(drvPath)) {
      return NodeState.BLOCKED;
    }
    if (unfinished.contains(drvPath)) {
      return NodeState.WAITING;
    }
    return open.contains(drvPath) ? NodeState.UNKNOWN : NodeState.UNNEEDED;
  }

  private static NodeState state(Build activity) {
    Build.Outcome outcome = activity.outcome();
    if (outcome == null) {
      return NodeState.RUNNING;
    }
    return switch (outcome) {
      case SUCCEEDED ->
          activity.kind() == Build.Kind.BUILD ? NodeState.BUILT : NodeState.SUBSTITUTED;
      case FAILED -> NodeState.FAILED;
      case INTERRUPTED -> NodeState.INTERRUPTED;
      case CACHED -> NodeState.THERE;
      case UNKNOWN -> NodeState.UNKNOWN;
    };
  }

  NodeState state(String drvPath) {
    return Objects.requireNonNull(states.get(drvPath), drvPath);
  }

  /// Those whose history says when it will be over: what is built now, and what waits.
  public List<Node> unfinished() {
    return inputsFirst.stream()
        .filter(drvPath ->
            switch (state(drvPath)) {
              case RUNNING -> activity(drvPath).kind() == Build.Kind.BUILD;
              case WAITING -> true;
              case FAILED, INTERRUPTED, BLOCKED, BUILT, SUBSTITUTED, THERE, UNKNOWN, UNNEEDED ->
                  false;
            })
        .map(graph::node)
        .toList();
  }

  private Build activity(String drvPath) {
    return Objects.requireNonNull(activities.get(drvPath), drvPath);
  }

  /// @param estimates by drv path, of some of the unfinished
  /// @param all whether everything is shown, instead of what matters
  /// @param limit rows at most, unless all are shown
  public TreeView view(
      List<String> sessions, Map<String, Estimate> estimates, Instant now, boolean all, int limit) {
    Map<NodeState, Long> totals = new EnumMap<>(NodeState.class);
    states.values().forEach(state -> totals.merge(state, 1L, Long::sum));
    return new TreeView(
        sessions,
        totals,
        graph.unread().size(),
        new Drawing(estimates, remaining(estimates, now), now, all, limit).rows());
  }

  /// Until each of the unfinished ends, where all that it waits for has a history.
  private Map<String, Long> remaining(Map<String, Estimate> estimates, Instant now) {
    Map<String, Long> remaining = new HashMap<>();
    for (Node node : unfinished()) {
      Estimate estimate = estimates.get(node.drvPath());
      Optional<Long> before =
          state(node.drvPath()) == NodeState.RUNNING
              ? Optional.of(-activity(node.drvPath()).elapsed(now).toMillis())
              : longest(node.inputs(), remaining);
      if (estimate != null && before.isPresent()) {
        remaining.put(node.drvPath(), Math.max(0, before.get() + estimate.medianMs()));
      }
    }
    return remaining;
  }

  private Optional<Long> longest(List<String> inputs, Map<String, Long> remaining) {
    long longest = 0;
    for (String input : inputs) {
      NodeState state = state(input);
      if (state == NodeState.RUNNING || state == NodeState.WAITING) {
        Long its = remaining.get(input);
        if (its == null) {
          return Optional.empty();
        }
        longest = Math.max(longest, its);
      }
    }
    return Optional.of(longest);
  }

  /// Draws rows from the roots down.
  private final class Drawing {
    private final Map<String, Estimate> estimates;
    private final Map<String, Long> remaining;
    private final Instant now;
    private final boolean all;
    private final int limit;
    private final NodeState kept;
    private final List<Row> rows = new ArrayList<>();
    private final Set<String> told = new HashSet<>();
    private final Set<String> shown = new HashSet<>();

    /// @param row that it belongs below; -1 for a root
    private record Place(String drvPath, int depth, int row) {}

    Drawing(
        Map<String, Estimate> estimates,
        Map<String, Long> remaining,
        Instant now,
        boolean all,
        int limit) {
      this.estimates = estimates;
      this.remaining = remaining;
      this.now = now;
      this.all = all;
      this.limit = limit;
      this.kept = kept();
    }

    /// The least of what is shown: beside what failed or goes on, what is done is only counted.
    private NodeState kept() {
      NodeState most =
          matters.values().stream().min(Comparator.naturalOrder()).orElse(NodeState.UNKNOWN);
      return all
          ? NodeState.UNNEEDED
          : most.compareTo(NodeState.WAITING) <= 0
              ? NodeState.WAITING
              : most.compareTo(NodeState.SUBSTITUTED) <= 0 ? NodeState.BUILT : most;
    }

    List<Row> rows() {
      Deque<Place> places = new ArrayDeque<>();
      push(places, sorted(roots), 0, -1);
      while (!places.isEmpty()) {
        Place place = places.pop();
        if (place.row >= 0 && folded(place)) {
          count(place);
        } else {
          boolean again = !shown.add(place.drvPath);
          told.add(place.drvPath);
          rows.add(row(place, again));
          if (!again) {
            push(
                places,
                sorted(graph.node(place.drvPath).inputs()),
                place.depth + 1,
                rows.size() - 1);
          }
        }
      }
      return rows;
    }

    private static void push(Deque<Place> places, List<String> drvPaths, int depth, int row) {
      drvPaths.reversed().forEach(drvPath -> places.push(new Place(drvPath, depth, row)));
    }

    private List<String> sorted(List<String> drvPaths) {
      return drvPaths.stream()
          .sorted(
              Comparator.<String, NodeState>comparing(
                      drvPath -> matters.getOrDefault(drvPath, NodeState.UNKNOWN))
                  .thenComparing(activities::get, Comparator.nullsLast(BY_START))
                  .thenComparing(drvPath -> graph.node(drvPath).name()))
          .toList();
    }

    private boolean folded(Place place) {
      return !all
          && (rows.size() >= limit
              || Objects.requireNonNull(matters.get(place.drvPath)).compareTo(kept) > 0
              // Where nothing ran, nothing matters more than another.
              || (kept.compareTo(NodeState.SUBSTITUTED) > 0 && place.depth > 1));
    }

    /// Counts what is not shown to what needs it, each once.
    private void count(Place place) {
      Map<NodeState, Long> more = rows.get(place.row).more();
      Deque<String> stack = new ArrayDeque<>(List.of(place.drvPath));
      while (!stack.isEmpty()) {
        String drvPath = stack.pop();
        if (state(drvPath) != NodeState.UNNEEDED && told.add(drvPath)) {
          more.merge(state(drvPath), 1L, Long::sum);
          stack.addAll(graph.node(drvPath).inputs());
        }
      }
    }

    private Row row(Place place, boolean again) {
      Node node = graph.node(place.drvPath);
      @Nullable Build activity = activities.get(place.drvPath);
      return new Row(
          place.depth,
          node.drvPath(),
          node.name(),
          node.system(),
          state(node.drvPath()),
          activity == null ? null : activity.id(),
          activity == null ? null : activity.kind(),
          activity == null ? null : activity.host(),
          activity == null ? null : activity.startedAt(),
          activity == null ? null : activity.elapsed(now).toMillis(),
          estimates.get(node.drvPath()),
          remaining.get(node.drvPath()),
          again,
          new EnumMap<>(NodeState.class));
    }
  }
}
