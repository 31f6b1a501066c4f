package dev.nixtape.projections;

import static dev.nixtape.projections.BuildQueryTest.parameters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.StatsQuery.Sort;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DuringTest {
  private static final TimeSpan JANUARY =
      new TimeSpan(Instant.parse("2026-01-01T00:00:00Z"), Instant.parse("2026-02-01T00:00:00Z"));

  private static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");

  private static During during(String... parameters) {
    return During.of(parameters.length == 0 ? Map.of() : Map.of(parameters[0], parameters[1]));
  }

  @Test
  void aPeriodSurvivesItsWayThroughAUrl() {
    for (During during :
        List.of(
            during(),
            during("since", "2026-01-31T14:03:00.5Z"),
            during("until", "2026-01-31T14:03:00Z"),
            During.of(JANUARY, ZoneId.of("+05:30")))) {
      assertEquals(during, During.of(parameters(during.toParameters())));
    }
    assertEquals(Optional.of(JANUARY), During.of(parameters(JANUARY.toParameters())).span());
  }

  @Test
  void totalsOfAPeriodSurviveTheirWayThroughAUrl() {
    StatsQuery query =
        new StatsQuery(
            During.of(JANUARY, ZoneId.of("Europe/Berlin")),
            Optional.of(Bucket.WEEK),
            Optional.of(new NameFilter("^a&b=", true)),
            Optional.of(Kind.COPY),
            true,
            true,
            Sort.P95,
            7);

    assertEquals(query, StatsQuery.of(parameters(query.toParameters())));
  }

  @Test
  void aPeriodThatEndsBeforeItBeginsIsRefused() {
    for (String end : List.of("2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z")) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> During.of(Map.of("since", "2026-01-01T00:00:00Z", "until", end)));
      assertTrue(
          String.valueOf(refused.getMessage()).startsWith("since: a time before until"),
          refused.toString());
    }
  }

  @Test
  void withoutEndsItIsSoManyDaysUpToNow() {
    assertEquals(new TimeSpan(Instant.parse("2026-03-14T00:00:00Z"), NOW), during().span(2, NOW));
    assertEquals(Instant.parse("2026-03-13T18:30:00Z"), during("tz", "+05:30").begin(2, NOW));
    assertEquals(
        new TimeSpan(JANUARY.since(), NOW), during("since", "2026-01-01T00:00:00Z").span(2, NOW));
  }

  @Test
  void theLastDayIsTheOneThatAPeriodEndsWith() {
    assertEquals(
        new TimeSpan(Instant.parse("2026-01-30T00:00:00Z"), JANUARY.until()),
        during("until", "2026-02-01T00:00:00Z").span(2, NOW));
  }

  @Test
  void aTestComparesWithThePeriodOfTheSameLengthBefore() {
    StatsQuery query =
        StatsQuery.of(
            Map.of(
                "test", "true", "since", "2026-01-10T00:00:00Z", "until", "2026-01-12T06:00:00Z"));

    During before = query.before().orElseThrow().during();

    assertEquals(
        During.of(
            new TimeSpan(
                Instant.parse("2026-01-07T18:00:00Z"), Instant.parse("2026-01-10T00:00:00Z")),
            ZoneOffset.UTC),
        before);
    assertThrows(
        IllegalArgumentException.class,
        () -> StatsQuery.of(Map.of("test", "true", "since", "2026-01-10T00:00:00Z")));
  }
}
