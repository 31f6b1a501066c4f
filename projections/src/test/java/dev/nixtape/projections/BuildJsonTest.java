package dev.nixtape.projections;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nixtape.projections.Build.Evidence;
import dev.nixtape.projections.Build.LogRange;
import dev.nixtape.projections.Build.Now;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.PhaseTime;
import dev.nixtape.projections.Build.Progress;
import dev.nixtape.projections.Build.Remote;
import dev.nixtape.projections.Build.Used;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BuildJsonTest {
  private static final Instant AT = Instant.parse("2026-01-31T14:03:00.007Z");
  private static final Build WHOLE =
      new Build(
          "7k3x9q2m7k3x9q2m",
          "18446744073709551615",
          Build.Kind.BUILD,
          "/nix/store/x.drv",
          "/nix/store/x",
          "na\"me\u001b é",
          "name",
          "1.0",
          "x86_64-linux",
          "builder-7",
          "ssh://m",
          "alice",
          1000L,
          "builder-7/s",
          "https://cache",
          "parent",
          AT,
          AT.plusMillis(75),
          75L,
          "installPhase",
          List.of(new PhaseTime("buildPhase", 70L), new PhaseTime("installPhase", null)),
          new Progress(1, 2, 3, 4),
          12,
          99L,
          Outcome.FAILED,
          "builder failed with exit code 2",
          2,
          List.of("  make: *** [all] Error 2", ""),
          List.of(new Evidence("message", Outcome.FAILED, "builder failed")),
          new LogRange(3, 1, 1L << 40),
          new Used(1_000_000, 2_000, 3L << 30, 4L << 40),
          new Now(143L, 1L << 31, true),
          new Remote("other", "m", AT.plusMillis(1), AT.plusMillis(70), 6L));
  private static final Build BARE =
      new Build(
          "id",
          "1",
          Build.Kind.FETCH,
          null,
          null,
          "n",
          null,
          null,
          null,
          "h",
          null,
          null,
          null,
          "s",
          null,
          null,
          AT,
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
          new LogRange(0, 0, 0),
          null,
          null,
          null);

  @Test
  void isReadBackAsItWas() throws IOException {
    for (Build build : List.of(WHOLE, BARE)) {
      assertEquals(build, BuildJson.read(BuildJson.write(build)));
    }
    byte[] both = Json.write(List.of(WHOLE, BARE));
    assertEquals(List.of(WHOLE, BARE), BuildJson.readAll(new ByteArrayInputStream(both)));
    assertEquals(
        List.of(WHOLE, BARE), Arrays.asList(Json.read(both, Build[].class)), "through Jackson");
  }

  /// The keys are a promise, and so is their order to who reads along: those of the record.
  @Test
  void hasEveryComponentOfTheRecordInItsOrder() throws IOException {
    List<String> components =
        Arrays.stream(Build.class.getRecordComponents())
            .flatMap(c ->
                c.getType() == Used.class
                    ? Arrays.stream(Used.class.getRecordComponents())
                    : Stream.of(c))
            .map(c -> c.getName())
            .toList();
    for (Build build : List.of(WHOLE, BARE)) {
      List<String> keys = new java.util.ArrayList<>();
      new JsonMapper().readTree(BuildJson.write(build)).fieldNames().forEachRemaining(keys::add);
      assertEquals(components, keys);
    }
  }

  @Test
  void passesOverWhatANewerWriterKnows() {
    String json = new String(BuildJson.write(WHOLE), StandardCharsets.UTF_8);
    String newer = "{\"new\":{\"deep\":[1,{\"id\":2}]}," + json.substring(1);
    assertEquals(WHOLE, BuildJson.read(newer.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void refusesWhatIsNoBuild() {
    String json = new String(BuildJson.write(WHOLE), StandardCharsets.UTF_8);
    for (String wrong :
        List.of(
            "",
            "[]",
            "{}",
            "null",
            json.substring(0, json.length() - 1),
            json.replace("\"kind\":\"build\"", "\"kind\":\"bild\""),
            json.replace("2026-01-31T14:03:00.007Z", "yesterday"),
            json.replace("2026-01-31T14:03:00.007Z", "2026-99-31T14:03:00.007Z"),
            json.replace("\"uid\":1000", "\"uid\":\"me\""))) {
      byte[] bytes = wrong.getBytes(StandardCharsets.UTF_8);
      assertThrows(UncheckedIOException.class, () -> BuildJson.read(bytes), wrong);
    }
  }
}
