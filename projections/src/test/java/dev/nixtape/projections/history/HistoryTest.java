package dev.nixtape.projections.history;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Amendment;
import dev.nixtape.projections.Bucket;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.PhaseTime;
import dev.nixtape.projections.Build.Used;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.During;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.LogView;
import dev.nixtape.projections.MapKeyValues;
import dev.nixtape.projections.NameHistory;
import dev.nixtape.projections.Stats;
import dev.nixtape.projections.Stats.Row;
import dev.nixtape.projections.Stats.Totals;
import dev.nixtape.projections.StatsQuery;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HistoryTest {
  private static final Instant BEGIN = Instant.parse("2025-11-20T00:00:00Z");
  private static final List<Kind> KINDS =
      List.of(
          Kind.BUILD,
          Kind.BUILD,
          Kind.BUILD,
          Kind.SUBSTITUTE,
          Kind.DOWNLOAD,
          Kind.QUERY,
          Kind.WAIT);

  private static final List<Outcome> OUTCOMES = List.of(Outcome.values());

  private static Build build(
      int number, Kind kind, String name, Instant finishedAt, long ms, Outcome outcome) {
    return new Build(
        "%016x".formatted(number),
        Integer.toString(number),
        kind,
        null,
        kind == Kind.SUBSTITUTE || kind == Kind.QUERY ? "/nix/store/" + name : null,
        name,
        null,
        null,
        "x86_64-linux",
        "host-" + number % 3,
        "local",
        number % 5 == 0 ? null : "alice",
        1000L,
        "s",
        kind == Kind.BUILD ? null : "https://cache.example.org/nar/" + number,
        null,
        finishedAt.minusMillis(ms),
        finishedAt,
        ms,
        "buildPhase",
        List.of(new PhaseTime("unpackPhase", ms / 4), new PhaseTime("buildPhase", ms - ms / 4)),
        null,
        number % 100,
        kind == Kind.BUILD ? null : 1000L * number,
        outcome,
        null,
        null,
        List.of(),
        List.of(),
        new Build.LogRange(0, number, number),
        kind == Kind.BUILD && number % 3 == 0 ? used(number) : null,
        null,
        null);
  }

  private static Used used(int number) {
    return new Used(number * 700L, number * 11L, number * 1000L, number % 2 == 0 ? null : 5L);
  }

  /// Facts of four months, in no order of time.
  private static List<Build> facts(long seed, int count) {
    Random random = new Random(seed);
    return IntStream.range(0, count)
        .mapToObj(number ->
            build(
                number,
                KINDS.get(random.nextInt(KINDS.size())),
                "pkg%d-%d.0".formatted(random.nextInt(8), random.nextInt(3)),
                BEGIN.plusMillis((long) (random.nextDouble() * Duration.ofDays(120).toMillis())),
                random.nextInt(100_000),
                OUTCOMES.get(random.nextInt(OUTCOMES.size()))))
        .toList();
  }

  private static final class Tape {
    final MapKeyValues store = new MapKeyValues();
    final History history = new History(store);

    Tape(List<Build> facts) {
      facts.forEach(this::add);
    }

    void add(Build fact) {
      history.add(fact, BuildJson.write(fact));
    }

    Past past() {
      return history.past(store);
    }
  }

  private static Stats ask(List<Tape> tapes, Map<String, String> parameters) {
    StatsQuery query = StatsQuery.of(parameters);
    return Totalling.of(
        query,
        tapes.stream().flatMap(tape -> tape.past().sums(query).stream()).toList(),
        tapes.stream().flatMap(tape -> tape.past().times(query).stream()).toList(),
        query.before().stream()
            .flatMap(before -> tapes.stream().flatMap(t -> t.past().times(before).stream()))
            .toList(),
        LogView.of(List.of()));
  }

  private static Stats ask(Tape tape, String... parameters) {
    Map<String, String> asked = new HashMap<>();
    for (int i = 0; i < parameters.length; i += 2) {
      asked.put(parameters[i], parameters[i + 1]);
    }
    return ask(List.of(tape), asked);
  }

  /// What one does by hand.
  private static List<Totals> expected(List<Build> facts) {
    Map<Kind, List<Build>> kinds = new TreeMap<>();
    facts.forEach(fact -> kinds.computeIfAbsent(fact.kind(), _ -> new ArrayList<>()).add(fact));
    return kinds.entrySet().stream().map(e -> expected(e.getKey(), e.getValue())).toList();
  }

  private static Totals expected(Kind kind, List<Build> facts) {
    long[] times =
        facts.stream()
            .filter(f ->
                f.outcome() == Outcome.SUCCEEDED
                    || (f.outcome() == Outcome.UNKNOWN
                        && (kind == Kind.WAIT || kind == Kind.DOWNLOAD || kind == Kind.QUERY)))
            .mapToLong(f -> f.durationMs() == null ? 0 : f.durationMs())
            .sorted()
            .toArray();
    return new Totals(
        kind,
        facts.size(),
        count(facts, Outcome.SUCCEEDED),
        count(facts, Outcome.FAILED),
        count(facts, Outcome.INTERRUPTED),
        count(facts, Outcome.CACHED),
        count(facts, Outcome.UNKNOWN),
        facts.stream().mapToLong(f -> f.durationMs() == null ? 0 : f.durationMs()).sum(),
        facts.stream().filter(f -> f.used() != null).count(),
        facts.stream().mapToLong(f -> f.used() == null ? 0 : f.used().cpuMs()).sum(),
        facts.stream().mapToLong(f -> f.bytes() == null ? 0 : f.bytes()).sum(),
        facts.stream().mapToLong(Build::logLines).sum(),
        times.length,
        times.length == 0 ? null : Arrays.stream(times).sum() / times.length,
        times.length == 0 ? null : times[(int) Math.ceil(times.length * 0.5) - 1],
        times.length == 0 ? null : times[(int) Math.ceil(times.length * 0.95) - 1],
        times.length == 0 ? null : times[times.length - 1],
        facts.stream().map(HistoryTest::end).max(Instant::compareTo).orElseThrow());
  }

  private static long count(List<Build> facts, Outcome outcome) {
    return facts.stream().filter(fact -> fact.outcome() == outcome).count();
  }

  private static Instant end(Build fact) {
    return fact.finishedAt() == null ? fact.startedAt() : fact.finishedAt();
  }

  private static List<Build> within(List<Build> facts, Instant since, Instant until) {
    return facts.stream()
        .filter(fact -> !end(fact).isBefore(since) && end(fact).isBefore(until))
        .toList();
  }

  @Test
  void theTotalsAreThoseOfTheFacts() {
    List<Build> facts = facts(1, 600);

    assertEquals(expected(facts), ask(new Tape(facts)).kinds());
  }

  @Test
  void aPeriodHoldsWhatFinishedInIt() {
    List<Build> facts = facts(2, 600);
    Tape tape = new Tape(facts);
    Random random = new Random(2);
    for (int i = 0; i < 200; i++) {
      Instant since = Level.QUARTER_HOUR.floor(BEGIN.plusSeconds(random.nextInt(100 * 86_400)));
      Instant until = since.plusSeconds(900L * (1 + random.nextInt(5_000)));
      assertEquals(
          expected(within(facts, since, until)),
          ask(tape, "since", since.toString(), "until", until.toString()).kinds(),
          since + " … " + until);
    }
  }

  @Test
  void bucketsFollowTheCalendarOfTheirTimeZone() {
    List<Build> facts = facts(3, 600);
    Tape tape = new Tape(facts);
    for (ZoneId zone :
        List.of(ZoneOffset.UTC, ZoneId.of("Europe/Berlin"), ZoneId.of("Asia/Kathmandu"))) {
      for (Bucket bucket : Bucket.values()) {
        List<Row> rows =
            ask(tape, "bucket", bucket.name(), "tz", zone.getId(), "kind", "build").rows();
        long counted = 0;
        for (Row row : rows) {
          Instant from = java.util.Objects.requireNonNull(row.from());
          Instant to = java.util.Objects.requireNonNull(row.to());
          List<Build> inside =
              within(facts, from, to).stream().filter(f -> f.kind() == Kind.BUILD).toList();
          assertEquals(expected(Kind.BUILD, inside), row.totals(), bucket + " of " + zone);
          counted += row.totals().count();
        }
        assertEquals(facts.stream().filter(f -> f.kind() == Kind.BUILD).count(), counted);
      }
    }
  }

  @Test
  void aStreamThatIsCutAnywhereAndMergedIsTheWhole() {
    List<Build> facts = facts(4, 600);
    Map<String, String> weekly = Map.of("bucket", "week");
    Map<String, String> grouped = Map.of("group", "true", "since", "2025-12-01T00:00:00Z");
    Tape whole = new Tape(facts);
    for (int cut : List.of(0, 1, 17, 300, 599, 600)) {
      List<Tape> parts =
          List.of(new Tape(facts.subList(0, cut)), new Tape(facts.subList(cut, facts.size())));
      assertEquals(ask(List.of(whole), weekly), ask(parts, weekly));
      assertEquals(ask(List.of(whole), grouped), ask(parts, grouped));
      assertEquals(ask(List.of(whole), Map.of()), ask(parts, Map.of()));
    }
  }

  @Test
  void orderChangesNothing() {
    List<Build> facts = facts(5, 400);
    List<Build> shuffled = new ArrayList<>(facts);
    Collections.shuffle(shuffled, new Random(5));

    assertEquals(
        ask(new Tape(facts), "group", "true", "bucket", "day"),
        ask(new Tape(shuffled), "group", "true", "bucket", "day"));
  }

  @Test
  void theSameFactsAgainMakeTheSameBytes() {
    List<Build> facts = facts(6, 400);
    Tape once = new Tape(facts);
    Tape again = new Tape(facts);
    facts.subList(0, 150).forEach(again::add);

    assertEquals(once.store.entries.keySet(), again.store.entries.keySet());
    once.store.entries.forEach(
        (key, value) -> assertArrayEquals(value, again.store.entries.get(key), key));
  }

  private static Amendment amendment(Build whole) {
    return new Amendment(
        whole.id(), whole.name(), end(whole), java.util.Objects.requireNonNull(whole.used()));
  }

  private static boolean isMeasured(Build fact) {
    return fact.used() != null;
  }

  @Test
  void factsThatAreAmendedAnyTimeAreTheWhole() {
    List<Build> whole = facts(12, 300);
    Tape expected = new Tape(whole);
    assertTrue(whole.stream().filter(HistoryTest::isMeasured).count() > 30);
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      Tape tape = new Tape(List.of());
      List<Amendment> told = new ArrayList<>();
      List<Amendment> early =
          whole.stream()
              .filter(fact -> isMeasured(fact) && random.nextInt(4) == 0)
              .map(HistoryTest::amendment)
              .toList();
      early.forEach(tape.history::amend);
      for (Build fact : whole) {
        if (isMeasured(fact) && random.nextInt(4) != 0) {
          tape.add(unmeasured(fact));
          told.add(amendment(fact));
        } else {
          tape.add(fact);
        }
        while (!told.isEmpty() && random.nextBoolean()) {
          Amendment amendment = told.remove(random.nextInt(told.size()));
          tape.history.amend(amendment);
          if (random.nextBoolean()) {
            tape.history.amend(amendment);
          }
        }
      }
      told.forEach(tape.history::amend);

      assertEquals(expected.store.entries.keySet(), tape.store.entries.keySet());
      expected.store.entries.forEach(
          (key, value) -> assertArrayEquals(value, tape.store.entries.get(key), key));
    }
  }

  private static Build unmeasured(Build fact) {
    String json = new String(BuildJson.write(fact), StandardCharsets.UTF_8);
    return BuildJson.read(
        json.replaceFirst("\"cpuUserMs\":\\d+", "\"cpuUserMs\":null")
            .getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void whatIsToldOfCleanedFactsBringsNothingBack() {
    List<Build> facts = facts(13, 300);
    Instant before = Level.DAY.floor(BEGIN.plus(Duration.ofDays(60)));
    Tape cleaned = new Tape(facts.stream().map(HistoryTest::unmeasured).toList());
    Tape fresh = new Tape(within(facts, before, Instant.MAX));
    cleaned.history.clean(before);

    facts.stream()
        .filter(HistoryTest::isMeasured)
        .forEach(fact -> cleaned.history.amend(amendment(fact)));

    assertEquals(ask(fresh, "group", "true"), ask(cleaned, "group", "true"));
    assertEquals(ask(fresh), ask(cleaned));
    cleaned.history.clean(before);
    assertEquals(keys(fresh), keys(cleaned));
  }

  @Test
  void ofANameItIsKnownWhatItsBuildsUse() {
    List<Build> facts =
        IntStream.range(1, 7)
            .mapToObj(n -> build(n, Kind.BUILD, "a-1", BEGIN.plusSeconds(n), 10, Outcome.SUCCEEDED))
            .toList();
    Tape tape = new Tape(facts.stream().map(HistoryTest::unmeasured).toList());
    assertNull(name(tape, "a-1").meanCpuMs());

    facts.stream()
        .filter(HistoryTest::isMeasured)
        .map(HistoryTest::amendment)
        .forEach(tape.history::amend);

    assertEquals(2, name(tape, "a-1").measured());
    assertEquals((3 + 6) * 711L / 2, name(tape, "a-1").meanCpuMs());
    assertEquals(name(new Tape(facts), "a-1"), name(tape, "a-1"));
  }

  private static NameHistory name(Tape tape, String name) {
    return Json.read(
        java.util.Objects.requireNonNull(tape.store.get(History.NAMES + name)), NameHistory.class);
  }

  @Test
  void ofManyTimesAQuantileIsNearItsRank() {
    Random random = new Random(7);
    List<Build> facts =
        IntStream.range(0, 20_000)
            .mapToObj(n ->
                build(
                    n,
                    Kind.BUILD,
                    "a-1",
                    BEGIN.plusSeconds(n),
                    random.nextInt(1_000_000),
                    Outcome.SUCCEEDED))
            .toList();
    Totals totals = ask(new Tape(facts)).kinds().getFirst();
    long p95 = java.util.Objects.requireNonNull(totals.p95Ms());
    long below =
        facts.stream().filter(f -> java.util.Objects.requireNonNull(f.durationMs()) <= p95).count();

    assertEquals(0.95, below / 20_000.0, 0.0166);
  }

  @Test
  void aNameIsFoundByItsPartsAndItsVersion() {
    List<Build> facts =
        List.of(
            build(1, Kind.BUILD, "firefox-130.0", BEGIN, 10, Outcome.SUCCEEDED),
            build(2, Kind.BUILD, "firefox-131.0", BEGIN, 20, Outcome.SUCCEEDED),
            build(3, Kind.BUILD, "firefox-esr-128.0", BEGIN, 40, Outcome.FAILED),
            build(4, Kind.SUBSTITUTE, "firefox-130.0", BEGIN, 80, Outcome.SUCCEEDED),
            build(5, Kind.BUILD, "hello-2.12", BEGIN, 160, Outcome.SUCCEEDED));
    Tape tape = new Tape(facts);

    assertEquals(4, counted(ask(tape, "drv", "firefox")));
    assertEquals(2, counted(ask(tape, "drv", "firefox-130", "since", "2025-01-01T00:00:00Z")));
    assertEquals(3, counted(ask(tape, "drv", "^firefox(-\\d|$)", "regex", "true")));
    assertEquals(0, counted(ask(tape, "drv", "thunderbird")));
    assertEquals(
        List.of("firefox", "firefox-esr"),
        ask(tape, "drv", "firefox", "group", "true", "kind", "build", "sort", "name")
            .rows()
            .stream()
            .map(Row::name)
            .toList());
    IllegalArgumentException bad =
        assertThrows(
            IllegalArgumentException.class, () -> ask(tape, "drv", "fire(", "regex", "true"));
    assertTrue(String.valueOf(bad.getMessage()).contains("character 6"), bad.getMessage());
  }

  @Test
  void whatStandsBehindAVersionIsAnotherPackageOfAllVersions() {
    Tape tape =
        new Tape(
            List.of(
                build(1, Kind.BUILD, "linux-6.6.1", BEGIN, 10, Outcome.SUCCEEDED),
                build(2, Kind.BUILD, "linux-6.6.1-modules", BEGIN, 20, Outcome.SUCCEEDED),
                build(3, Kind.BUILD, "linux-6.7-modules", BEGIN, 40, Outcome.SUCCEEDED)));

    for (String since : List.of("1970-01-01T00:00:00Z", "2025-01-01T00:00:00Z")) {
      Map<String, Long> packages = new TreeMap<>();
      ask(tape, "group", "true", "since", since)
          .rows()
          .forEach(row -> packages.put(String.valueOf(row.name()), row.totals().durationMs()));
      assertEquals(Map.of("linux", 10L, "linux-modules", 60L), packages);
      assertEquals(2, counted(ask(tape, "drv", "linux-modules", "since", since)));
    }
  }

  private static long counted(Stats stats) {
    return stats.kinds().stream().mapToLong(Totals::count).sum();
  }

  @Test
  void samplesKeepWhatTheFactsSay() {
    Build fact = build(7, Kind.BUILD, "hello-2.12", BEGIN, 4_000, Outcome.SUCCEEDED);
    List<Sample> samples = new ArrayList<>();
    new Tape(List.of(fact))
        .past()
        .samples(Kind.BUILD, "hello", BEGIN, BEGIN.plusMillis(1), samples::add);

    assertEquals(List.of(Sample.of(fact)), samples);
    assertEquals(2, samples.getFirst().phases().size());
    assertNull(samples.getFirst().cpuMs());
  }

  @Test
  void slicesAreTheTotalsOfOneHost() {
    List<Build> facts = facts(8, 300);
    Map<String, Long> expected = new TreeMap<>();
    facts.forEach(fact -> expected.merge(fact.host(), 1L, Long::sum));
    Map<String, Long> said = new TreeMap<>();
    for (Past.Sum sum : new Tape(facts).past().slices(Dimension.HOST, During.of(Map.of()))) {
      said.merge(sum.name(), sum.summary().totals(sum.kind()).count(), Long::sum);
    }

    assertEquals(expected, said);
  }

  /// A build an hour: fifty that take about 10 s, and 47 that take a second more.
  private static List<Build> slower() {
    Random random = new Random(10);
    return IntStream.range(0, 97)
        .mapToObj(n ->
            build(
                n,
                Kind.BUILD,
                n % 2 == 0 ? "firefox-130.0" : "firefox-131.0",
                BEGIN.plus(Duration.ofHours(n)),
                10_000 + random.nextInt(500) + (n < 50 ? 0 : 1000),
                Outcome.SUCCEEDED))
        .toList();
  }

  @Test
  void aPeriodIsTestedAgainstTheOneBefore() {
    Instant middle = BEGIN.plus(Duration.ofHours(50));
    Row row =
        ask(
                new Tape(slower()),
                "test",
                "true",
                "since",
                middle.toString(),
                "until",
                middle.plus(Duration.ofHours(50)).toString())
            .rows()
            .getFirst();
    Stats.Test test = java.util.Objects.requireNonNull(row.test());

    assertEquals(50, test.samplesBefore());
    assertEquals(47, test.samples());
    assertTrue(java.util.Objects.requireNonNull(test.p()) < 1e-9);
    assertEquals(1000, java.util.Objects.requireNonNull(test.shiftMs()), 100);
    assertTrue(java.util.Objects.requireNonNull(test.shiftFromMs()) > 800);
  }

  @Test
  void aBucketIsTestedAgainstTheOneBefore() {
    List<Row> days = ask(new Tape(slower()), "test", "true", "bucket", "day").rows();
    List<Double> p =
        days.stream()
            .map(day -> java.util.Objects.requireNonNull(day.test()).p())
            .map(each -> each == null ? -1 : each)
            .toList();

    assertEquals(5, p.size());
    assertEquals(-1, p.get(0), "nothing is before the first");
    assertTrue(p.get(1) > 0.05, p::toString);
    assertTrue(p.get(2) < 1e-3, p::toString);
    assertTrue(p.get(3) > 0.05, p::toString);
    assertEquals(-1, p.get(4), "one against 24 is too few");
  }

  @Test
  void whatIsCleanedWasNeverThere() {
    List<Build> facts = facts(9, 600);
    Random random = new Random(9);
    for (int i = 0; i < 12; i++) {
      Instant before = Level.DAY.floor(BEGIN.plusSeconds(random.nextInt(130 * 86_400)));
      Tape cleaned = new Tape(facts);
      cleaned.history.clean(before);
      List<Build> left = within(facts, before, Instant.MAX);
      Tape fresh = new Tape(left);
      for (Map<String, String> question :
          List.of(
              Map.<String, String>of(),
              Map.of("group", "true"),
              Map.of("bucket", "month"),
              Map.of("bucket", "hour"),
              Map.of("drv", "pkg3", "bucket", "day"))) {
        assertEquals(
            ask(List.of(fresh), question),
            ask(List.of(cleaned), question),
            before + " " + question);
      }
      // Words keep their numbers, so that cells may differ in their bytes.
      assertEquals(keys(fresh), keys(cleaned));
      assertEquals(
          expected(left), ask(cleaned, "since", "2025-01-01T00:00:00Z").kinds(), before.toString());
      Build late = build(10_000, Kind.BUILD, "pkg1-9.0", before, 5, Outcome.SUCCEEDED);
      cleaned.add(late);
      fresh.add(late);
      assertEquals(ask(fresh), ask(cleaned));
    }
    assertFalse(facts.isEmpty());
  }

  @Test
  void retentionForgetsADayOnce() {
    List<Build> facts = facts(11, 300);
    Instant middle = Level.DAY.floor(BEGIN.plus(Duration.ofDays(60)));
    Tape tape = new Tape(facts);
    tape.history.keepFrom(middle.plusSeconds(7200));
    Stats kept = ask(tape);
    assertEquals(expected(within(facts, middle, Instant.MAX)), kept.kinds());

    Build late = build(999, Kind.BUILD, "late-1", middle.minusSeconds(60), 5, Outcome.SUCCEEDED);
    tape.add(late);
    tape.history.keepFrom(middle.plusSeconds(9000));
    assertTrue(!ask(tape).equals(kept), "the day is cleaned once");
    tape.history.keepFrom(middle.plusSeconds(86_400));
    assertEquals(
        expected(within(facts, middle.plusSeconds(86_400), Instant.MAX)), ask(tape).kinds());
  }

  @Test
  void answersOfSubstitutersAreCleanedWithTheirQuestions() {
    Random random = new Random(10);
    // Close together, so that builds and substitutions answer questions.
    List<Build> facts =
        IntStream.range(0, 3_000)
            .mapToObj(number ->
                build(
                    number,
                    KINDS.get(random.nextInt(KINDS.size())),
                    "pkg%d-1.0".formatted(random.nextInt(20)),
                    BEGIN.plusSeconds(random.nextInt(4 * 86_400)),
                    random.nextInt(100_000),
                    OUTCOMES.get(random.nextInt(OUTCOMES.size()))))
            .sorted(java.util.Comparator.comparing(HistoryTest::end))
            .toList();
    Instant before = BEGIN.plus(Duration.ofDays(2));
    Tape cleaned = new Tape(facts);
    long answered = answers(cleaned);
    cleaned.history.clean(before);
    Tape fresh = new Tape(within(facts, before, Instant.MAX));

    assertTrue(answered > 50, answered + " answers");
    assertEquals(keys(fresh), keys(cleaned));
    assertEquals(answers(fresh), answers(cleaned));
    assertTrue(answers(cleaned) < answered);
  }

  private static long answers(Tape tape) {
    return tape.past().slices(Dimension.ANSWER, During.of(Map.of())).stream()
        .mapToLong(sum -> sum.summary().totals(sum.kind()).count())
        .sum();
  }

  private static List<String> keys(Tape tape) {
    return tape.store.entries.keySet().stream().filter(key -> !key.startsWith("word/")).toList();
  }
}
