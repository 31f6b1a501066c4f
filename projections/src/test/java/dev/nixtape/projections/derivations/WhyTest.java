package dev.nixtape.projections.derivations;

import static dev.nixtape.projections.derivations.Store.drv;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WhyTest {
  private static final String[] NONE = {};

  private final Store store = new Store();

  private Why why(String before, String after) {
    Build previous = Store.activity(Kind.BUILD, before, 0, 1, Outcome.SUCCEEDED);
    return Why.of(after, "it", null, List.of(), List.of(), previous, store);
  }

  private static List<String> words(List<Change> changes) {
    return changes.stream()
        .map(change ->
            "%s %s %s>%s"
                .formatted(change.what().json(), change.name(), change.before(), change.after()))
        .toList();
  }

  private static List<String> names(Why why) {
    return why.causes().stream().map(Cause::name).toList();
  }

  @Test
  void aVariableThatDiffersIsSaid() {
    store.add(drv("1", "a"), Map.of("CFLAGS", "-O2", "gone", "x"));
    store.add(drv("2", "a"), Map.of("CFLAGS", "-O3", "new", "y"));

    assertEquals(
        List.of("env CFLAGS -O2>-O3", "env gone x>null", "env new null>y"),
        words(why(drv("1", "a"), drv("2", "a")).changes()));
  }

  @Test
  void argumentsAndSourcesThatDifferAreSaid() {
    store.put(
        drv("1", "a"),
        "",
        "[\"-e\",\"x\"]",
        Map.of(),
        List.of("/nix/store/" + "1".repeat(32) + "-source"));
    store.put(
        drv("2", "a"),
        "",
        "[\"-e\",\"y\"]",
        Map.of(),
        List.of("/nix/store/" + "2".repeat(32) + "-source"));

    assertEquals(
        List.of("source source source>source", "args  -e x>-e y"),
        words(why(drv("1", "a"), drv("2", "a")).changes()));
  }

  /// Both sides of a diamond have another bottom: it is named once, and they are not.
  @Test
  void theRootCauseIsNamedOnceWithTheWayToIt() {
    for (String hash : List.of("1", "2")) {
      String bottom = drv(hash, "bottom");
      store.add(bottom, Map.of("flag", hash));
      store.add(drv(hash, "left"), Map.of("in", Store.out(bottom)), bottom);
      store.add(drv(hash, "right"), Map.of("in", Store.out(bottom)), bottom);
      store.add(drv(hash, "top"), Map.of(), drv(hash, "left"), drv(hash, "right"));
    }

    Why why = why(drv("1", "top"), drv("2", "top"));

    assertEquals(Why.Comparison.OTHER, why.comparison());
    assertEquals(List.of("input left left>left", "input right right>right"), words(why.changes()));
    assertEquals(List.of("bottom"), names(why));
    assertEquals(List.of("left"), why.causes().getFirst().via());
    assertEquals(List.of("env flag 1>2"), words(why.causes().getFirst().changes()));
  }

  @Test
  void anotherVersionOfAnInputIsACauseAndNotOneOfWhatRefersToIt() {
    for (String version : List.of("1", "2")) {
      String zlib = drv(version, "zlib-1." + version);
      store.add(zlib, Map.of());
      store.add(drv(version, "app"), Map.of("buildInputs", Store.out(zlib) + " /bin"), zlib);
    }

    Why why = why(drv("1", "app"), drv("2", "app"));

    assertEquals(List.of("input zlib zlib-1.1>zlib-1.2"), words(why.changes()));
    assertEquals(List.of("zlib-1.2"), names(why));
  }

  @Test
  void onlyVersionsOfOnePackageAreTheSameInput() {
    for (String version : List.of("1", "2")) {
      String linux = drv(version, "linux-6." + version);
      String modules = drv(version, "linux-6." + version + "-modules");
      store.add(linux, Map.of()).add(modules, Map.of());
      boolean first = version.equals("1");
      store.add(
          drv(version, "initrd"),
          Map.of("in", Store.out(modules)),
          first ? modules : linux,
          first ? linux : modules);
    }

    assertEquals(
        List.of(
            "input linux-modules linux-6.1-modules>linux-6.2-modules",
            "input linux linux-6.1>linux-6.2"),
        words(why(drv("1", "initrd"), drv("2", "initrd")).changes()));
  }

  @Test
  void aDerivationThatIsToldTwiceIsOne() {
    store.add(drv("1", "app"), Map.of());
    store.copies = 2;

    assertEquals(Why.Comparison.UNREAD, why(drv("1", "app"), drv("2", "app")).comparison());
  }

  @Test
  void inputsThatCameAndWentAreSaid() {
    store.add(drv("1", "old"), Map.of()).add(drv("1", "new"), Map.of());
    store.add(drv("1", "app"), Map.of(), drv("1", "old"));
    store.add(drv("2", "app"), Map.of(), drv("1", "new"));

    Why why = why(drv("1", "app"), drv("2", "app"));

    assertEquals(List.of("input old old>null", "input new null>new"), words(why.changes()));
    assertEquals(List.of(), why.causes());
  }

  @Test
  void somethingFetchedInAnotherWayIsNoCause() {
    for (String hash : List.of("1", "2")) {
      String fetched = drv(hash, "source");
      store.put(fetched, "sha256", "[]", Map.of("url", hash, "out", "/same"), List.of(), NONE);
      store.add(drv(hash, "app"), Map.of(), fetched);
    }
    assertEquals(
        List.of("source"),
        names(why(drv("1", "app"), drv("2", "app"))),
        "its output is another one");

    assertFalse(Change.sameOutputs(store.of(drv("1", "source")), store.of(drv("2", "source"))));
    assertEquals(
        true, Change.sameOutputs(store.of(drv("1", "source")), store.of(drv("1", "source"))));
  }

  @Test
  void whatNobodyReadIsSaidToBeUnknown() {
    store.add(drv("1", "app"), Map.of(), drv("1", "lib"));
    store.add(drv("2", "app"), Map.of(), drv("2", "lib"));

    Why why = why(drv("1", "app"), drv("2", "app"));

    assertEquals(List.of("lib"), names(why));
    assertFalse(why.causes().getFirst().read());
    assertEquals(Why.Comparison.UNREAD, why(drv("3", "app"), drv("2", "app")).comparison());
  }

  @Test
  void theSameDerivationHasNotChanged() {
    store.add(drv("1", "app"), Map.of());

    assertEquals(Why.Comparison.SAME, why(drv("1", "app"), drv("1", "app")).comparison());
  }

  @Test
  void aCircleIsCut() {
    store.add(drv("1", "a"), Map.of(), drv("1", "b")).add(drv("1", "b"), Map.of(), drv("1", "a"));
    store.add(drv("2", "a"), Map.of(), drv("2", "b")).add(drv("2", "b"), Map.of(), drv("2", "a"));

    assertEquals(List.of(), why(drv("1", "a"), drv("2", "a")).causes());
  }
}
