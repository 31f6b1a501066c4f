package dev.nixtape.projections;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nixtape.projections.BuildQuery.Show;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BuildQueryTest {
  @Test
  void aQuestionSurvivesItsWayThroughAUrl() {
    BuildQuery query =
        new BuildQuery(
            Show.FAILED,
            Optional.of("builder 7"),
            Optional.of("al&ice"),
            Optional.of("hello-2.12"),
            Optional.of(Build.Kind.SUBSTITUTE),
            Optional.of(Instant.parse("2026-01-31T14:03:00.5Z")),
            7);
    Map<String, String> parameters = new HashMap<>();
    for (String pair : query.toParameters().split("&", -1)) {
      String[] parts = pair.split("=", -1);
      parameters.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }

    assertEquals(query, BuildQuery.of(parameters));
  }

  @Test
  void aWrongParameterIsNamed() {
    for (Map.Entry<String, String> wrong :
        Map.of("show", "some", "kind", "house", "since", "then", "limit", "x", "colour", "red")
            .entrySet()) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> BuildQuery.of(Map.of(wrong.getKey(), wrong.getValue())));
      assertEquals(
          true, String.valueOf(refused.getMessage()).contains(wrong.getKey()), refused.toString());
    }
  }
}
