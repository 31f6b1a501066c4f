package dev.nixtape.projections.derivations;

import static dev.nixtape.projections.derivations.Store.BEGIN;
import static dev.nixtape.projections.derivations.Store.built;
import static dev.nixtape.projections.derivations.Store.running;
import static dev.nixtape.projections.derivations.Store.substituted;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.derivations.CriticalPath.Link;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CriticalPathTest {
  private final Store store =
      new Store()
          .add("top", "left", "right", "there")
          .add("left", "bottom")
          .add("right", "bottom")
          .add("there", "bottom")
          .add("bottom");

  private CriticalPath path(Build... activities) {
    return CriticalPath.of(
            List.of("h/s"), List.of(activities), store.graph("top"), BEGIN.plusSeconds(100))
        .orElseThrow();
  }

  private static List<String> names(CriticalPath path) {
    return path.links().stream().map(Link::name).toList();
  }

  /// left and right share one slot: right has all it needs at 2 and begins at 6.
  @Test
  void theChainThatEndsLastHasItsGaps() {
    CriticalPath path =
        path(built("bottom", 0, 2), built("left", 2, 6), built("right", 6, 9), built("top", 9, 10));

    assertEquals(List.of("bottom", "right", "top"), names(path));
    assertEquals(List.of(0L, 4_000L, 0L), path.links().stream().map(Link::gapMs).toList());
    assertEquals(10_000, path.realMs());
    assertEquals(7_000, path.unlimitedMs(), "bottom, left, top");
    assertEquals(
        path.realMs(),
        path.links().stream().mapToLong(link -> link.gapMs() + link.durationMs()).sum());
  }

  @Test
  void aCacheHitSavesWhatTheNextLongestChainLeaves() {
    CriticalPath path =
        path(built("bottom", 0, 2), built("left", 2, 5), built("right", 2, 6), built("top", 6, 7));

    assertEquals(List.of("bottom", "right", "top"), names(path));
    assertEquals(
        List.of(2_000L, 1_000L, 1_000L), path.links().stream().map(Link::savedMs).toList());
  }

  @Test
  void ofTwoThatEndAtOnceTheOneThatNeedsTheOtherIsLast() {
    CriticalPath path = path(built("top", 2, 2), built("left", 0, 2));

    assertEquals(List.of("left", "top"), names(path));
  }

  @Test
  void whatWasThereIsNoLink() {
    CriticalPath path = path(built("bottom", 0, 2), built("top", 3, 4));

    assertEquals(List.of("top"), names(path));
    assertEquals(3_000, path.links().getFirst().gapMs());
  }

  @Test
  void aSubstitutionIsALinkAndWaitsForNoneThatEndedLater() {
    CriticalPath path =
        path(substituted("bottom", 0, 5), substituted("left", 1, 2), built("top", 5, 6));

    assertEquals(List.of("left-dev", "top"), names(path));
    assertEquals(3_000, path.links().getLast().gapMs());
  }

  @Test
  void whatRunsEndsNow() {
    CriticalPath path = path(built("bottom", 0, 2), running("left", 2));

    assertEquals(List.of("bottom", "left"), names(path));
    assertEquals(100_000, path.realMs());
    assertNull(path.links().getLast().outcome());
  }

  @Test
  void aBuildOfADerivationThatNobodyReadStandsAlone() {
    CriticalPath path = path(built("bottom", 0, 2), built("stranger", 1, 9));

    assertEquals(List.of("stranger"), names(path));
    assertEquals(2, path.steps());
    assertEquals(9_000, path.realMs());
  }

  @Test
  void aCircleIsCut() {
    Store circle = new Store().add("a", "b").add("b", "a");

    CriticalPath path =
        CriticalPath.of(
                List.of(), List.of(built("a", 0, 1), built("b", 0, 2)), circle.graph("a"), BEGIN)
            .orElseThrow();

    assertEquals(2, path.steps());
  }

  @Test
  void whatDidNothingHasNoPath() {
    assertEquals(
        Optional.empty(), CriticalPath.of(List.of(), List.of(), store.graph("top"), BEGIN));
  }
}
