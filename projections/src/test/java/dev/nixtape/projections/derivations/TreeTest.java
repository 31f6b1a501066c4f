package dev.nixtape.projections.derivations;

import static dev.nixtape.projections.derivations.Store.BEGIN;
import static dev.nixtape.projections.derivations.Store.built;
import static dev.nixtape.projections.derivations.Store.drv;
import static dev.nixtape.projections.derivations.Store.failed;
import static dev.nixtape.projections.derivations.Store.running;
import static dev.nixtape.projections.derivations.Store.substituted;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.derivations.TreeView.Row;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TreeTest {
  /// top needs left and right, both need bottom; tool needs libc.
  private final Store store =
      new Store()
          .add("top", "left", "right", "tool")
          .add("left", "bottom")
          .add("right", "bottom")
          .add("bottom")
          .add("tool", "libc")
          .add("libc");

  private Tree tree(Build... activities) {
    return new Tree(store.graph("top"), List.of(drv("top")), new Run(List.of(activities)));
  }

  private static TreeView view(Tree tree, Map<String, Estimate> estimates, boolean all, int limit) {
    return tree.view(List.of(), estimates, BEGIN.plusSeconds(100), all, limit);
  }

  private static List<String> drawn(TreeView view) {
    return view.rows().stream()
        .map(row ->
            " ".repeat(row.depth())
                + row.name()
                + (row.again() ? " again" : " " + row.state().json())
                + (row.more().isEmpty() ? "" : " " + row.more()))
        .toList();
  }

  @Test
  void whatIsNeededTwiceStandsOnce() {
    Tree tree =
        tree(built("bottom", 0, 1), built("left", 1, 2), built("right", 2, 3), built("top", 3, 4));

    assertEquals(
        List.of(
            "top built {THERE=1}",
            " left built",
            "  bottom built",
            " right built",
            "  bottom again"),
        drawn(view(tree, Map.of(), false, 60)));
  }

  @Test
  void whatWasThereWasNeededAndWhatThatNeedsWasNot() {
    Tree tree = tree(built("top", 3, 4));

    assertEquals(NodeState.THERE, tree.state(drv("tool")));
    assertEquals(NodeState.UNNEEDED, tree.state(drv("libc")));
    assertEquals(List.of("top built {THERE=3}"), drawn(view(tree, Map.of(), false, 60)));
    assertEquals(7, view(tree, Map.of(), true, 1).rows().size(), "all, with bottom twice");
  }

  @Test
  void aSubstitutedOutputIsItsDerivations() {
    Tree tree = tree(substituted("tool", 0, 1), built("top", 1, 2));

    assertEquals(NodeState.SUBSTITUTED, tree.state(drv("tool")));
  }

  @Test
  void besideAFailureWhatIsDoneIsCounted() {
    Tree tree = tree(built("bottom", 0, 1), failed("left", 1, 2), built("right", 1, 2));

    assertEquals(
        List.of("top blocked {BUILT=1, UNKNOWN=2}", " left failed {BUILT=1}"),
        drawn(view(tree, Map.of(), false, 60)));
  }

  @Test
  void whatWaitsForABuildThatRunsWaits() {
    Tree tree = tree(running("bottom", 90));

    assertEquals(NodeState.WAITING, tree.state(drv("left")));
    assertEquals(NodeState.WAITING, tree.state(drv("top")));
    assertEquals(NodeState.UNKNOWN, tree.state(drv("tool")), "there, or waiting for a slot");
  }

  @Test
  void whatIsLeftIsTheLongestWayThroughWhatWaits() {
    Tree tree = tree(running("bottom", 90));
    Map<String, Estimate> estimates = new HashMap<>();
    Map.of("bottom", 15L, "left", 20L, "right", 30L, "top", 1L)
        .forEach((name, s) -> estimates.put(drv(name), estimate(s)));

    assertEquals(5_000L, left(view(tree, estimates, false, 60), "bottom"));
    assertEquals(36_000L, left(view(tree, estimates, false, 60), "top"));
    estimates.remove(drv("left"));
    assertNull(left(view(tree, estimates, false, 60), "top"), "nobody knows how long left takes");
    assertEquals(35_000L, left(view(tree, estimates, false, 60), "right"));
  }

  @Test
  void aBuildThatIsLateHasNothingLeft() {
    Tree tree = tree(running("bottom", 0));

    assertEquals(0L, left(view(tree, Map.of(drv("bottom"), estimate(15)), false, 60), "bottom"));
  }

  private static Estimate estimate(long seconds) {
    return Estimate.of(List.of(1000 * seconds)).orElseThrow();
  }

  private static @org.jspecify.annotations.Nullable Long left(TreeView view, String name) {
    return view.rows().stream()
        .filter(row -> row.name().equals(name) && !row.again())
        .findFirst()
        .map(Row::remainingMs)
        .orElse(null);
  }

  @Test
  void aCircleIsCut() {
    Store circle = new Store().add("a", "b").add("b", "c").add("c", "a", "d").add("d");
    Tree tree =
        new Tree(
            circle.graph("a"),
            List.of(drv("a")),
            new Run(List.of(built("d", 0, 1), built("a", 1, 2))));

    assertEquals(5, view(tree, Map.of(), true, 60).rows().size());
  }

  @Test
  void aDerivationThatNobodyReadIsALeaf() {
    Store half = new Store().add("top", "gone");
    Graph graph = half.graph("top");
    Tree tree = new Tree(graph, List.of(drv("top")), new Run(List.of(built("top", 0, 1))));

    assertEquals(java.util.Set.of(drv("gone")), graph.unread());
    assertEquals(NodeState.THERE, tree.state(drv("gone")));
    assertEquals(1, view(tree, Map.of(), false, 60).unread());
  }

  @Test
  void rowsBeyondTheLimitAreCounted() {
    String[] many = IntStream.range(0, 100).mapToObj(n -> "n" + n).toArray(String[]::new);
    Store wide = new Store().add("top", many);
    for (String each : many) {
      wide.add(each);
    }
    Build[] builds =
        IntStream.range(0, 100).mapToObj(n -> built("n" + n, n, n + 1)).toArray(Build[]::new);
    Tree tree = new Tree(wide.graph("top"), List.of(drv("top")), new Run(List.of(builds)));

    TreeView view = view(tree, Map.of(), false, 10);

    assertEquals(10, view.rows().size());
    assertEquals(Map.of(NodeState.BUILT, 91L), view.rows().getFirst().more());
  }

  @Test
  void whereNothingRanTheFirstLevelIsShown() {
    assertEquals(
        List.of(
            "top unknown",
            " left unknown {UNKNOWN=1}",
            " right unknown",
            " tool unknown {UNKNOWN=1}"),
        drawn(view(tree(), Map.of(), false, 60)));
  }

  /// Recursion would end in an overflow, and a level at a time in a question for each.
  @Test
  void aLongChainIsNoTrouble() {
    Store chain = new Store();
    int length = 20_000;
    for (int n = 0; n < length; n++) {
      chain.add("n" + n, n + 1 < length ? new String[] {"n" + (n + 1)} : new String[0]);
    }
    Graph graph = Graph.of(chain, List.of(drv("n0")), 1_000_000);
    Tree tree =
        new Tree(graph, List.of(drv("n0")), new Run(List.of(failed("n" + (length - 1), 0, 1))));

    assertEquals(length, view(tree, Map.of(), true, 1).rows().size());
    assertEquals(NodeState.BLOCKED, tree.state(drv("n0")));
  }

  @Test
  void aGraphIsReadALevelAtATimeAndNotBeyondItsLimit() {
    assertEquals(6, store.graph("top").nodes().size());
    assertEquals(3, store.largest);

    Graph some = Graph.of(store, List.of(drv("top")), 1);
    assertEquals(3, some.unread().size());
    assertTrue(some.contains(drv("left")));
  }

  @Test
  void theTopsOfSomeAreThoseThatNoOtherNeeds() {
    Graph graph = store.graph("top");

    assertEquals(
        List.of(drv("left"), drv("tool")),
        graph.tops(List.of(drv("bottom"), drv("left"), drv("tool"), drv("libc"))));
    assertEquals(
        List.of(drv("top"), drv("left"), drv("bottom")),
        graph.way(List.of(drv("top")), drv("bottom")));
    assertEquals(List.of(), graph.way(List.of(drv("left")), drv("tool")));
  }

  @Test
  void anEstimateIsTheMedianAndWhereMostLie() {
    assertEquals(Optional.empty(), Estimate.of(List.of()));
    assertEquals(Optional.of(new Estimate(15, 10, 20, 2)), Estimate.of(List.of(20L, 10L)));
    List<Long> shuffled =
        new java.util.ArrayList<>(IntStream.rangeClosed(1, 20).mapToObj(Long::valueOf).toList());
    Collections.reverse(shuffled);
    assertEquals(Optional.of(new Estimate(10, 2, 18, 20)), Estimate.of(shuffled));
  }
}
