package dev.nixtape.projections.fold;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Evidence;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.tape.Position;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ActivityJsonTest {
  private static final Instant AT = Instant.parse("2026-01-31T14:03:00.123Z");
  private static final Position POSITION = new Position(3, 1_000_000_007);
  private static final Activity.Running BARE =
      new Activity.Running(
          new Activity.Identity(-1, "id", "host", "session", "invocation", null, null, null, false),
          new Subject(Build.Kind.FETCH, "n", null, null, null, null, null, null, null, false),
          Telling.by("session"),
          Course.begun(AT, POSITION),
          List.of(),
          List.of());
  private static final Activity.Running WHOLE =
      new Activity.Running(
          new Activity.Identity(7, "id", "h", "s", "i", "alice", 1000L, "parent", true),
          new Subject(
              Build.Kind.BUILD,
              "na\"me\u001b é",
              "drv",
              "out",
              "ssh://m",
              "uri",
              "pname",
              "1.0",
              "x86_64-linux",
              true),
          Telling.by("s").joinedBy("t").told("t"),
          Course.begun(AT, POSITION)
              .inPhase("buildPhase", AT)
              .inPhase("installPhase", AT.plusMillis(5))
              .at(new Build.Progress(1, 2, 3, 4))
              .withLogLines(9, new Position(3, 1_000_000_009))
              .withUsed(new Build.Used(1000, 200, 1L << 40, null)),
          List.of(
              new Evidence("message", Outcome.FAILED, "builder failed"),
              new Evidence("counter", Outcome.SUCCEEDED, "done rose")),
          List.of("make: *** [all] Error 2", ""));

  @Test
  void isReadBackAsItWas() {
    for (Activity activity :
        List.of(BARE, WHOLE, BARE.stopped(AT, POSITION), WHOLE.stopped(AT, POSITION))) {
      assertEquals(activity, Json.read(ActivityJson.write(activity), Activity.class));
    }
  }

  /// A component that is added to a record and forgotten here would be lost at every restart.
  @Test
  void writesEveryComponentThatJacksonKnows() throws IOException {
    for (Activity activity : List.of(WHOLE, WHOLE.stopped(AT, POSITION))) {
      JsonNode jacksons = Json.MAPPER.readTree(Json.write(activity));
      assertEquals(jacksons, Json.MAPPER.readTree(ActivityJson.write(activity)));
    }
  }
}
