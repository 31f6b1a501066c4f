package dev.nixtape.projections.operations;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.Used;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.Caches;
import dev.nixtape.projections.Caches.Substituter;
import dev.nixtape.projections.Costs;
import dev.nixtape.projections.Costs.By;
import dev.nixtape.projections.During;
import dev.nixtape.projections.Failures;
import dev.nixtape.projections.FlakyBuild;
import dev.nixtape.projections.MapKeyValues;
import dev.nixtape.projections.TimeSpan;
import dev.nixtape.projections.Waits;
import dev.nixtape.projections.history.Dimension;
import dev.nixtape.projections.history.History;
import dev.nixtape.projections.history.Past;
import dev.nixtape.projections.nix.StorePath;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What is asked of a history by who runs a farm.
class OperationsTest {
  private static final Instant BEGIN = Instant.parse("2026-01-10T09:00:00Z");
  private static final During ALL = during(null, null);
  private static final String HASH = "0f1zr4yhw2q8v8c6sp3b6ngm4v6yjl9k";
  private static final String OTHER = "1g2zr4yhw2q8v8c6sp3b6ngm4v6yjl9l";
  private static final String CACHE = "https://cache.example.org";

  private final MapKeyValues store = new MapKeyValues();
  private final History history = new History(store);
  private int number;

  private static During during(@Nullable Instant since, @Nullable Instant until) {
    return new During(Optional.ofNullable(since), Optional.ofNullable(until), ZoneOffset.UTC);
  }

  private Past past() {
    return history.past(store);
  }

  /// One fact, finished `seconds` after the begin.
  private final class Fact {
    private final Kind kind;
    private final String path;
    private final long seconds;
    private String host = "h1";
    private @Nullable String user = "alice";
    private @Nullable String machine = "local";
    private @Nullable String reason;
    private @Nullable String out;
    private String uri = CACHE;
    private long ms = 1000;
    private @Nullable Used used;
    private Outcome outcome = Outcome.SUCCEEDED;
    private List<String> lastLines = List.of();

    Fact(Kind kind, String path, long seconds) {
      this.kind = kind;
      this.path = path;
      this.seconds = seconds;
    }

    Fact on(String host) {
      this.host = host;
      return this;
    }

    Fact by(@Nullable String user) {
      this.user = user;
      return this;
    }

    Fact onMachine(String machine) {
      this.machine = machine;
      return this;
    }

    Fact making(String out) {
      this.out = out;
      return this;
    }

    Fact at(String uri) {
      this.uri = uri;
      return this;
    }

    Fact taking(long ms) {
      this.ms = ms;
      return this;
    }

    Fact using(@Nullable Used used) {
      this.used = used;
      return this;
    }

    Fact ended(Outcome outcome) {
      this.outcome = outcome;
      return this;
    }

    Fact failed(@Nullable String reason) {
      this.reason = reason;
      return ended(Outcome.FAILED);
    }

    Fact lastSaying(String... lines) {
      lastLines = List.of(lines);
      return this;
    }

    Build add() {
      boolean build = kind == Kind.BUILD;
      Instant end = BEGIN.plusSeconds(seconds);
      Build fact =
          new Build(
              "%016x".formatted(++number),
              Integer.toString(number),
              kind,
              build ? path : null,
              build ? out : kind == Kind.WAIT ? null : path,
              kind == Kind.WAIT ? path : StorePath.name(path),
              null,
              null,
              null,
              host,
              build ? machine : null,
              user,
              null,
              host + "/s",
              build || kind == Kind.WAIT ? null : uri,
              null,
              end.minusMillis(ms),
              end,
              ms,
              null,
              List.of(),
              null,
              0,
              kind == Kind.COPY || kind == Kind.DOWNLOAD ? Long.valueOf(4096) : null,
              kind == Kind.QUERY || kind == Kind.WAIT ? Outcome.UNKNOWN : outcome,
              reason,
              null,
              lastLines,
              List.of(),
              new Build.LogRange(0, number, number),
              used,
              null,
              null);
      history.add(fact, BuildJson.write(fact));
      return fact;
    }
  }

  private Fact build(String hash, String name, long seconds) {
    return new Fact(Kind.BUILD, "/nix/store/" + hash + "-" + name + ".drv", seconds);
  }

  private Fact of(Kind kind, String hash, String name, long seconds) {
    return new Fact(kind, "/nix/store/" + hash + "-" + name, seconds);
  }

  private List<FlakyBuild> flaky(During during) {
    return Flakiness.sorted(
        Flakiness.of(past().failed(during), name -> past().builds(name, during)).stream());
  }

  @Test
  void whatFailedAndSucceededLaterUnchangedIsFlaky() {
    build(HASH, "a-1", 10).taking(3000).failed("builder failed with exit code 1").add();
    Build failure = build(HASH, "a-1", 20).on("h2").taking(2000).failed("timed out").add();
    Build success = build(HASH, "a-1", 30).onMachine("ssh://big").add();
    build(HASH, "a-1", 40).ended(Outcome.INTERRUPTED).add();

    FlakyBuild flaky = flaky(ALL).getFirst();

    assertEquals(3, flaky.attempts());
    assertEquals(2, flaky.failed());
    assertEquals(5000, flaky.lostMs());
    assertEquals(List.of("h1", "h2"), flaky.failedOn());
    assertEquals(List.of("ssh://big"), flaky.succeededOn());
    assertEquals(failure.id(), flaky.failure().id());
    assertEquals("timed out", flaky.failure().reason());
    assertEquals(success.id(), Objects.requireNonNull(flaky.success()).id());
    assertFalse(flaky.differed());
  }

  @Test
  void whatWasChangedOrNeverSucceededAgainIsNotFlaky() {
    build(HASH, "a-1", 10).failed(null).add();
    build(OTHER, "a-1", 20).add();
    build(HASH, "b-1", 10).add();
    build(HASH, "b-1", 20).failed(null).add();

    assertEquals(List.of(), flaky(ALL));
  }

  @Test
  void aSuccessThatBeganBeforeTheFailureIsNoEvidence() {
    build(HASH, "a-1", 20).taking(1000).failed(null).add();
    build(HASH, "a-1", 30).on("h2").taking(15_000).add();

    assertEquals(List.of(), flaky(ALL));
  }

  @Test
  void whatDiffersWhenBuiltAgainIsFlakyWithoutALaterSuccess() {
    Build success = build(HASH, "a-1", 10).add();
    build(HASH, "a-1", 20)
        .failed("derivation may not be deterministic: output '/nix/store/x-a-1' differs")
        .add();

    FlakyBuild flaky = flaky(ALL).getFirst();

    assertTrue(flaky.differed());
    assertEquals(success.id(), Objects.requireNonNull(flaky.success()).id());
  }

  @Test
  void onlyFailuresOfThePeriodCount() {
    build(HASH, "a-1", 10).failed(null).add();
    build(HASH, "a-1", 7300).add();

    assertEquals(1, flaky(during(BEGIN, BEGIN.plusSeconds(7301))).size());
    assertEquals(0, flaky(during(BEGIN.plusSeconds(11), null)).size());
    assertEquals(0, flaky(during(BEGIN, BEGIN.plusSeconds(7300))).size());
  }

  private Failures failures(Function<List<Build>, Map<String, List<String>>> logEnds) {
    return FailureGrouping.of(past().failed(ALL), logEnds, ALL);
  }

  @Test
  void failuresForTheSameReasonAreOneGroup() {
    String reason = "builder failed with exit code 1";
    build(HASH, "a-1", 10).on("h2").failed(reason).lastSaying("/build/a/x.c:1: error: no").add();
    Build last =
        build(OTHER, "b-2", 20).failed(reason).lastSaying("/y/x.c:29: error: no", "").add();
    build(OTHER, "d-2-doc", 17).failed(reason).add();
    build(OTHER, "c-2", 15)
        .failed("builder failed with exit code 2")
        .lastSaying("x.c:3: error: no")
        .add();

    Failures failures =
        failures(builds -> Map.of(builds.getFirst().id(), List.of("/tmp/x.c:7: error: no")));

    assertEquals(4, failures.failed());
    assertEquals(4, failures.logsRead());
    assertEquals(List.of(3L, 1L), failures.groups().stream().map(Failures.Group::count).toList());
    Failures.Group group = failures.groups().getFirst();
    assertEquals("x.c:N: error: no", group.line());
    assertEquals(List.of("a", "b", "d-doc"), group.packages());
    assertEquals(List.of("h1", "h2"), group.hosts());
    assertEquals(BEGIN.plusSeconds(10), group.firstAt());
    assertEquals(BEGIN.plusSeconds(20), group.lastAt());
    assertEquals(last.id(), group.example());
    assertEquals("/y/x.c:29: error: no", group.exampleLine());
  }

  @Test
  void noLogIsReadOfFailuresThatBringTheirLastLines() {
    for (int i = 0; i < 1000; i++) {
      build(HASH, "p" + i % 50 + "-1", i)
          .failed("builder failed with exit code " + i % 2)
          .lastSaying("error: no " + (i % 3 == 0 ? "apples" : "pears"), "make: *** [all] Error 2")
          .add();
    }

    Failures failures =
        failures(builds -> {
          assertEquals(List.of(), builds);
          return Map.of();
        });

    assertEquals(1000, failures.logsRead());
    assertEquals(
        List.of(
            "error: no pears 333",
            "error: no pears 333",
            "error: no apples 167",
            "error: no apples 167"),
        failures.groups().stream().map(group -> group.line() + " " + group.count()).toList());
  }

  @Test
  void ofFailuresWithoutLastLinesTheNewestLogsAreRead() {
    for (int i = 0; i < 300; i++) {
      build(HASH, "a-1", i).failed(null).add();
      build(HASH, "b-1", i).failed(null).lastSaying("bye").add();
    }
    List<Build> asked = new ArrayList<>();

    failures(builds -> {
      asked.addAll(builds);
      return Map.of();
    });

    assertEquals(200, asked.size());
    assertEquals(BEGIN.plusSeconds(299), asked.getFirst().finishedAt());
    assertEquals(BEGIN.plusSeconds(100), asked.getLast().finishedAt());
    assertTrue(asked.stream().allMatch(build -> build.name().equals("a-1")));
  }

  @Test
  void aLogThatWasNotReadIsNotAnEmptyOne() {
    Build read = build(HASH, "a-1", 10).failed(null).add();
    build(HASH, "a-1", 20).failed(null).add();

    Failures failures = failures(_ -> Map.of(read.id(), List.of()));

    assertEquals(1, failures.logsRead());
    assertEquals(2, failures.groups().size());
    assertEquals("unknown", failures.groups().getFirst().reason());
    assertEquals(
        Arrays.asList(null, ""), failures.groups().stream().map(Failures.Group::line).toList());
  }

  private Costs costs(During during, By by) {
    return Costing.of(
        during,
        by,
        switch (by) {
          case USER -> past().slices(Kind.BUILD, Dimension.USER, during);
          case HOST -> past().slices(Kind.BUILD, Dimension.HOST, during);
          case PNAME, DAY -> past().sums(Costing.query(during, by));
        });
  }

  @Test
  void sharesSumUpToTheWholeByWhateverTheyAre() {
    Random random = new Random(1);
    for (int i = 0; i < 500; i++) {
      build(HASH, "p" + random.nextInt(7) + "-1", random.nextInt(20 * 86_400))
          .on("h" + random.nextInt(3))
          .by(random.nextInt(4) == 0 ? null : "u" + random.nextInt(5))
          .taking(random.nextInt(100_000))
          .using(
              random.nextInt(3) == 0
                  ? new Used(random.nextInt(300_000), random.nextInt(9_000), 1, null)
                  : null)
          .ended(random.nextBoolean() ? Outcome.SUCCEEDED : Outcome.FAILED)
          .add();
      of(Kind.SUBSTITUTE, HASH, "p-1", random.nextInt(20 * 86_400)).add();
    }
    // Days begin at 18:15 UTC there: every period cuts days of the sums.
    TimeSpan span =
        new TimeSpan(Instant.parse("2026-01-11T18:15:00Z"), Instant.parse("2026-01-23T18:15:00Z"));
    During during = During.of(span, ZoneId.of("Asia/Kathmandu"));
    List<Build> builds =
        past()
            .facts(Kind.BUILD, ALL)
            .filter(b -> !Farm.end(b).isBefore(span.since()) && Farm.end(b).isBefore(span.until()))
            .toList();
    long ms = builds.stream().mapToLong(OperationsTest::cost).sum();
    long failedMs =
        builds.stream()
            .filter(b -> b.outcome() == Outcome.FAILED)
            .mapToLong(OperationsTest::cost)
            .sum();
    List<Build> measured = builds.stream().filter(b -> b.used() != null).toList();

    assertTrue(ms > 0);
    assertTrue(measured.size() > 20);
    for (By by : By.values()) {
      Costs costs = costs(during, by);
      assertEquals(builds.size(), costs.total().builds(), by.name());
      assertEquals(ms, costs.total().ms(), by.name());
      assertEquals(failedMs, costs.total().failedMs(), by.name());
      assertEquals(Costs.Measure.MIXED, costs.measure());
      assertEquals(measured.size(), costs.total().measured(), by.name());
      assertEquals(
          measured.stream().mapToLong(OperationsTest::cost).sum(),
          costs.rows().stream().mapToLong(Costs.Row::cpuMs).sum(),
          by.name());
      assertEquals(ms, costs.rows().stream().mapToLong(Costs.Row::ms).sum(), by.name());
      assertEquals(
          1000,
          costs.rows().stream().mapToLong(r -> Math.round(r.percent() * 10)).sum(),
          by.name());
    }
    assertEquals(12, costs(during, By.DAY).rows().size());
    assertEquals(
        builds.stream().filter(b -> b.user() == null).mapToLong(OperationsTest::cost).sum(),
        costs(during, By.USER).rows().stream()
            .filter(row -> row.key() == null)
            .mapToLong(Costs.Row::ms)
            .sum());
  }

  private static long cost(Build build) {
    return build.used() == null ? Farm.ms(build) : build.used().cpuMs();
  }

  @Test
  void aBillSaysWhatItIsOf() {
    build(HASH, "a-1", 10).add();
    assertEquals(Costs.Measure.WALL, costs(ALL, By.USER).measure());
    build(HASH, "a-1", 40 * 86_400).using(new Used(5, 5, 5, 5L)).add();
    assertEquals(Costs.Measure.MIXED, costs(ALL, By.USER).measure());
    During last = during(BEGIN.plusSeconds(30 * 86_400), null);
    assertEquals(Costs.Measure.CPU, costs(last, By.USER).measure());
  }

  /// Shorter words for what a fact says.
  private static final class Farm {
    static Instant end(Build build) {
      return Objects.requireNonNull(build.finishedAt());
    }

    static long ms(Build build) {
      return Objects.requireNonNull(build.durationMs());
    }
  }

  private Caches caches() {
    return CacheUse.of(
        ALL,
        past().slices(Dimension.SUBSTITUTER, ALL),
        past().slices(Dimension.ANSWER, ALL),
        List.of(CacheUse.rebuilds(past().facts(Kind.BUILD, ALL), past()::servedBefore)));
  }

  @Test
  void aPathThatWasAskedForAndThenBuiltThereIsAMiss() {
    of(Kind.QUERY, HASH, "a-1", 0).add();
    of(Kind.QUERY, HASH, "a-1", 1).at("https://second.example.org").add();
    of(Kind.QUERY, HASH, "a-1", 1).on("h2").add();
    build(OTHER, "a-1", 100).add();

    List<Substituter> asked = caches().substituters();

    assertEquals(new Substituter(CACHE, 2, 0, 1, 1, 0, 0, 0, 0, null), asked.get(0));
    assertEquals(1, asked.get(1).missed());
  }

  @Test
  void whatIsBuiltLongAfterTheQuestionIsNoMiss() {
    of(Kind.QUERY, HASH, "a-1", 0).add();
    build(OTHER, "a-1", 3602).add();

    assertEquals(1, caches().substituters().getFirst().unknown());
  }

  @Test
  void aBuildOfAnotherPathWithTheSameNameIsNoMiss() {
    of(Kind.QUERY, HASH, "a-1", 0).add();
    build(OTHER, "a-1", 10).making("/nix/store/" + OTHER + "-a-1").add();

    assertEquals(1, caches().substituters().getFirst().unknown());
  }

  @Test
  void anOutputOfAnotherNameIsFoundByItsPath() {
    of(Kind.QUERY, HASH, "a-1-dev", 0).add();
    of(Kind.QUERY, HASH, "a-1", 0).add();
    build(OTHER, "a-1", 10).making("/nix/store/" + HASH + "-a-1-dev").add();

    assertEquals(2, caches().substituters().getFirst().missed());
  }

  @Test
  void whatIsFetchedFromWhereItWasAskedForIsFoundAndAHit() {
    of(Kind.QUERY, HASH, "a-1", 0).add();
    of(Kind.QUERY, HASH, "b-1", 0).add();
    of(Kind.SUBSTITUTE, HASH, "a-1", 10).add();
    of(Kind.SUBSTITUTE, HASH, "b-1", 10).failed(null).add();
    of(Kind.DOWNLOAD, HASH, "a-1", 10).at(CACHE + "/nar/1.nar.xz").taking(2000).add();
    of(Kind.DOWNLOAD, HASH, "source", 10).at("https://github.com/x.tar.gz").add();

    assertEquals(
        List.of(new Substituter(CACHE, 2, 1, 0, 1, 1, 1, 4096, 0, 2048L)), caches().substituters());
  }

  @Test
  void aQuestionIsAnsweredOnce() {
    of(Kind.QUERY, HASH, "a-1", 0).add();
    build(OTHER, "a-1", 10).failed(null).add();
    build(OTHER, "a-1", 20).add();

    assertEquals(1, caches().substituters().getFirst().missed());
  }

  @Test
  void onlyWhatWasServedBeforeABuildBeganCouldHaveSparedIt() {
    String path = "/nix/store/" + HASH + "-a-1";
    Build served = of(Kind.SUBSTITUTE, HASH, "a-1", 10).on("h2").add();
    of(Kind.SUBSTITUTE, HASH, "a-1", 15).on("h3").add();
    Build build = build(OTHER, "a-1", 20).taking(4000).making(path).add();
    build(OTHER, "b-1", 20).making("/nix/store/" + HASH + "-b-1").add();
    of(Kind.SUBSTITUTE, HASH, "b-1", 30).on("h2").add();
    build(OTHER, "c-1", 20).add();

    Caches.Rebuilds rebuilds = caches().rebuilds();

    assertEquals(3, rebuilds.looked());
    assertEquals(1, rebuilds.pathUnknown());
    assertEquals(1, rebuilds.count());
    assertEquals(4000, rebuilds.ms());
    assertEquals(build.id(), rebuilds.latest().getFirst().id());
    assertEquals(served.id(), rebuilds.latest().getFirst().substitution());
  }

  private Fact wait(String text, long seconds) {
    return new Fact(Kind.WAIT, text, seconds);
  }

  private Waits waits(During during) {
    List<Build> builds = past().facts(Kind.BUILD, ALL).toList();
    return Waiting.of(
        during,
        past().slices(Kind.WAIT, Dimension.WAIT, during),
        List.of(Waiting.longest(past().facts(Kind.WAIT, during))),
        (wait, path) -> Waiting.begunAfter(wait, path, builds.stream()));
  }

  @Test
  void aWaitIsForWhatNixSaysNotForWhatAPackageIsCalled() {
    String drv = "/nix/store/" + HASH + "-flock-machine-1.drv";
    wait("waiting for lock on '/nix/store/" + HASH + "-a-1', '/nix/store/" + HASH + "-b'", 10)
        .add();
    wait("waiting for a machine to build '" + drv + "'", 20).taking(3000).add();
    wait("waiting for a machine to build '" + drv + "'", 20).on("h2").taking(1000).add();
    wait("waiting for a free build user ID for '" + drv + "'", 30).add();
    wait("waiting for UID to build '" + drv + "'", 30).add();
    wait("resolved derivation: '" + drv + "' -> '" + drv + "'", 30).add();
    wait("waiting for the machines to rise", 30).add();

    Waits waits = waits(ALL);

    assertEquals(
        new Waits.Row("machine", null, 2, 4000, 2000L, 3000L, 3000L), waits.kinds().get(0));
    assertEquals(
        new Waits.Row("build user", null, 2, 2000, 1000L, 1000L, 1000L), waits.kinds().get(1));
    assertEquals(
        List.of("lock", "other", "resolved"),
        waits.kinds().stream().skip(2).map(Waits.Row::waitsFor).sorted().toList());
    assertEquals("h1", waits.hosts().getFirst().host());
    assertEquals(6, waits.hosts().size());
    assertEquals("flock-machine-1", waits.longest().getFirst().what());
    assertNull(waits.longest().getFirst().build());
  }

  @Test
  void theBuildThatWaitedIsTheOneOfThatDerivationThatBeganThen() {
    String drv = "/nix/store/" + HASH + "-a-1.drv";
    build(HASH, "a-1", 5).add();
    wait("waiting for a machine to build '" + drv + "'", 20).taking(10_000).add();
    build(OTHER, "a-1", 25).add();
    build(HASH, "a-1", 25).on("h2").add();
    Build begun = build(HASH, "a-1", 30).add();
    build(HASH, "a-1", 40).add();

    assertEquals(begun.id(), waits(ALL).longest().getFirst().build());
  }

  @Test
  void theLongestWaitsComeFirst() {
    List<Long> times = new ArrayList<>();
    for (long i = 0; i < 50; i++) {
      long ms = i * 7919 % 10_007;
      times.add(ms);
      wait("waiting for lock on '/nix/store/x'", i).taking(ms).add();
    }
    times.sort(java.util.Comparator.reverseOrder());

    Waits waits = waits(ALL);

    assertEquals(50, waits.looked());
    assertEquals(
        times.subList(0, 5), waits.longest().stream().map(Waits.Wait::durationMs).toList());
    assertEquals(
        10, waits(during(BEGIN.plusSeconds(5), BEGIN.plusSeconds(15))).kinds().getFirst().count());
  }
}
