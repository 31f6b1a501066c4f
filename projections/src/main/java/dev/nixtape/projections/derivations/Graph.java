package dev.nixtape.projections.derivations;

import dev.nixtape.projections.nix.StorePath;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedSet;
import java.util.Set;

/// Derivations and what they need, down to the last. Nix makes no circles; one that somebody wrote
/// into the log is cut where it closes.
public final class Graph {
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final Set<String> unread = new HashSet<>();

  private Graph() {}

  /// Reads the closure of some derivations, a level at a time.
  ///
  /// @param limit derivations that are read at most
  public static Graph of(Library library, Collection<String> roots, int limit) {
    Graph graph = new Graph();
    Set<String> level = new LinkedHashSet<>(roots);
    while (!level.isEmpty()) {
      if (graph.nodes.size() < limit) {
        library.nodes(level).forEach(node -> graph.nodes.putIfAbsent(node.drvPath(), node));
      }
      Set<String> next = new LinkedHashSet<>();
      for (String drvPath : level) {
        if (!graph.nodes.containsKey(drvPath)) {
          graph.unread.add(drvPath);
          graph.nodes.put(
              drvPath, new Node(drvPath, StorePath.name(drvPath), "", List.of(), List.of()));
        }
        graph
            .node(drvPath)
            .inputs()
            .forEach(input -> {
              if (!graph.nodes.containsKey(input)) {
                next.add(input);
              }
            });
      }
      level = next;
    }
    return graph;
  }

  public Collection<Node> nodes() {
    return nodes.values();
  }

  public boolean contains(String drvPath) {
    return nodes.containsKey(drvPath);
  }

  public Node node(String drvPath) {
    return Objects.requireNonNull(nodes.get(drvPath), drvPath);
  }

  /// Derivations that are needed and that nobody read: what they need in turn is unknown.
  public Set<String> unread() {
    return Set.copyOf(unread);
  }

  /// Every derivation behind all that it needs.
  List<String> inputsFirst() {
    SequencedSet<String> order = new LinkedHashSet<>();
    Set<String> entered = new HashSet<>();
    Deque<String> stack = new ArrayDeque<>();
    for (String start : nodes.keySet()) {
      stack.push(start);
      while (!stack.isEmpty()) {
        String drvPath = stack.peek();
        if (entered.add(drvPath)) {
          node(drvPath).inputs().stream()
              .filter(input -> !entered.contains(input))
              .forEach(stack::push);
        } else {
          stack.pop();
          order.add(drvPath);
        }
      }
    }
    return List.copyOf(order);
  }

  /// Those of some derivations that none of the others needs.
  public List<String> tops(Collection<String> of) {
    Set<String> needed = new HashSet<>();
    for (String drvPath : of) {
      if (!needed.contains(drvPath)) {
        reach(drvPath, needed);
      }
    }
    return of.stream().distinct().filter(drvPath -> !needed.contains(drvPath)).toList();
  }

  /// Adds all that a derivation needs, and not itself.
  private void reach(String drvPath, Set<String> reached) {
    Deque<String> stack = new ArrayDeque<>(node(drvPath).inputs());
    while (!stack.isEmpty()) {
      String input = stack.pop();
      if (!input.equals(drvPath) && reached.add(input)) {
        stack.addAll(node(input).inputs());
      }
    }
  }

  /// A shortest way from one of some derivations down to another, both included; empty when there
  /// is none.
  public List<String> way(Collection<String> from, String to) {
    Map<String, String> neededBy = new HashMap<>();
    Deque<String> queue = new ArrayDeque<>(from);
    Set<String> seen = new HashSet<>(from);
    while (!queue.isEmpty()) {
      String drvPath = queue.remove();
      if (drvPath.equals(to)) {
        List<String> way = new ArrayList<>();
        for (String at = to; at != null; at = neededBy.get(at)) {
          way.addFirst(at);
        }
        return way;
      }
      for (String input : node(drvPath).inputs()) {
        if (seen.add(input)) {
          neededBy.put(input, drvPath);
          queue.add(input);
        }
      }
    }
    return List.of();
  }
}
