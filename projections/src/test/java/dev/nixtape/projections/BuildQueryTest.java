package dev.nixtape.projections;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.BuildQuery.Show;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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

    assertEquals(query, BuildQuery.of(parameters(query.toParameters())));
  }

  /// As a server reads them.
  static Map<String, String> parameters(String url) {
    Map<String, String> parameters = new HashMap<>();
    for (String pair : url.split("&", -1)) {
      String[] parts = pair.split("=", -1);
      parameters.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return parameters;
  }

  private static boolean asksFor(String asked, String name, @Nullable String pname) {
    Build build =
        new Build(
            "0123456789abcdef",
            "1",
            Build.Kind.BUILD,
            null,
            null,
            name,
            pname,
            null,
            null,
            "h",
            null,
            null,
            null,
            "h/s",
            null,
            null,
            Instant.EPOCH,
            null,
            null,
            null,
            List.of(),
            null,
            0,
            null,
            null,
            null,
            null,
            List.of(),
            List.of(),
            new Build.LogRange(0, 0, 0),
            null,
            null,
            null);
    return BuildQuery.of(Map.of("name", asked)).matches(build);
  }

  @Test
  void aNameIsADerivationsOrItsPnameOrItsPackage() {
    for (String asked : List.of("linux-6.6.1-modules", "linux-modules", "linux")) {
      assertTrue(asksFor(asked, "linux-6.6.1-modules", "linux"), asked);
    }
    assertTrue(asksFor("requests", "python3.13-requests-2.32", "requests"));
    assertTrue(asksFor("python3.13-requests", "python3.13-requests-2.32", null));
    assertFalse(asksFor("linux", "linux-6.6.1-modules", null));
    assertFalse(asksFor("linux-6.6.1", "linux-6.6.1-modules", null));
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
