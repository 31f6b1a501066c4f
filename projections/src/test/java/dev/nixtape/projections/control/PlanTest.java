package dev.nixtape.projections.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.NotKnown;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PlanTest {
  private static final Instant BEGAN = Instant.parse("2026-01-31T14:03:00Z");

  private static Build build(String id, String host, String name, @Nullable String machine) {
    return build(id, host, name, machine, Kind.BUILD, null);
  }

  private static Build build(
      String id,
      String host,
      String name,
      @Nullable String machine,
      Kind kind,
      @Nullable Instant finishedAt) {
    return Json.read(
        """
        {"id":"%s","nixId":"1","kind":"%s","drvPath":"/nix/store/%s-%s.drv","name":"%s","pname":"%s",
         "host":"%s","machine":%s,"user":"alice","uid":1000,"session":"%s/worker",
         "startedAt":"2026-01-31T14:03:00.000Z","finishedAt":%s,"phases":[],"logLines":0,"evidence":[],
         "log":{"partition":0,"from":0,"to":0}}
        """
            .formatted(
                id,
                kind.json(),
                "0".repeat(32),
                name,
                name,
                name.replaceFirst("-.*", ""),
                host,
                machine == null ? "null" : "\"" + machine + "\"",
                host,
                finishedAt == null ? "null" : "\"" + finishedAt + "\"")
            .getBytes(StandardCharsets.UTF_8),
        Build.class);
  }

  private static Targets where(
      @Nullable String drv,
      @Nullable String session,
      @Nullable String user,
      @Nullable String host) {
    return new Targets(List.of(), drv, session, user, host, false);
  }

  private static Set<String> ids(List<Build> builds) {
    return Set.copyOf(builds.stream().map(Build::id).toList());
  }

  @Test
  void aBuildIsAskedOfTheHostThatRunsIt() {
    Build hello = build("a", "h1", "hello-2.12", "local");

    Plan plan = Plan.of(List.of(hello), List.of(hello));

    assertEquals(List.of(new Plan.Step("h1", hello)), plan.steps());
    assertEquals(List.of(), plan.left());
  }

  @Test
  void aBuildOnAnotherMachineIsAskedOfThatMachineIfItRecordsToo() {
    Build outer = build("a", "laptop", "hello-2.12", "ssh-ng://nix@builder-7.example.org?x=y");
    Build inner = build("b", "builder-7", "hello-2.12", "local");
    Build sameOfSomebodyElse = build("c", "builder-8", "hello-2.12", "local");
    List<Build> running = List.of(outer, inner, sameOfSomebodyElse);

    // Both tell of it: it gets one command.
    Plan plan = Plan.of(List.of(outer, inner), running);

    assertEquals(List.of(new Plan.Step("builder-7", inner)), plan.steps());
  }

  @Test
  void aBuildOnAMachineThatNobodyRecordsIsLeftWithTheNameOfTheMachine() {
    Build outer = build("a", "laptop", "hello-2.12", "ssh://10.0.0.7");
    // The same derivation elsewhere is another build.
    Build other = build("b", "10", "hello-2.12", "local");

    Plan plan = Plan.of(List.of(outer), List.of(outer, other));

    assertEquals(List.of(), plan.steps());
    assertTrue(plan.left().getFirst().why().contains("ssh://10.0.0.7"), plan.toString());
  }

  @Test
  void whatEndedOrIsNoBuildIsLeft() {
    Build ended = build("a", "h1", "hello-2.12", "local", Kind.BUILD, BEGAN.plusSeconds(5));
    Build copy = build("b", "h1", "hello-2.12", null, Kind.COPY, null);

    Plan plan = Plan.of(List.of(ended, copy), List.of());

    assertEquals(List.of(), plan.steps());
    assertEquals("it ended at 2026-01-31T14:03:05.000Z", plan.left().getFirst().why());
    assertEquals(copy, plan.left().getLast().build());
  }

  @Test
  void aMachinesAddressNamesAHostByItsFirstLabelWhereOneHasNoDomain() {
    assertTrue(Plan.named("ssh://builder-7", "builder-7"));
    assertTrue(Plan.named("ssh-ng://root@Builder-7:2222/path", "builder-7"));
    assertTrue(Plan.named("ssh://builder-7", "builder-7.example.org"));
    assertFalse(Plan.named("ssh://builder-7.example.org", "builder-7.example.com"));
    assertFalse(Plan.named("ssh://builder-70", "builder-7"));
    assertFalse(Plan.named("ssh://10.0.0.7", "10"));
  }

  @Test
  void targetsAreMeantByDerivationRunUserAndHostTogether() {
    Build one = build("a", "h1", "hello-2.12", "local");
    Build two = build("b", "h2", "hello-2.13", "local");
    Build three = build("c", "h2", "curl-8", "local");
    Build download = build("d", "h2", "hello-2.12", null, Kind.DOWNLOAD, null);
    List<Build> running = List.of(one, two, three, download);

    assertEquals(Set.of("a"), ids(where("hello-2.12", null, null, null).among(running, List.of())));
    assertEquals(Set.of("a", "b"), ids(where("hello", null, null, null).among(running, List.of())));
    assertEquals(Set.of("b"), ids(where("hello", null, null, "h2").among(running, List.of())));
    assertEquals(
        Set.of("b", "c"),
        ids(
            where(null, "h2/client", null, null)
                .among(running, List.of("h2/client", "h2/worker"))));
    for (String user : List.of("alice", "1000")) {
      assertEquals(
          Set.of("a", "b", "c"), ids(where(null, null, user, null).among(running, List.of())));
    }
    assertEquals(
        Set.of("a", "b", "c"),
        ids(new Targets(List.of(), null, null, null, null, true).among(running, List.of())));
  }

  @Test
  void aPartOfANameMeansNothing() {
    Build hello = build("a", "h1", "hello-2.12", "local");

    NotKnown near =
        assertThrows(
            NotKnown.class, () -> where("helo", null, null, null).among(List.of(hello), List.of()));

    assertEquals("no build of 'helo' runs that fits; near: hello", near.getMessage());
  }

  @Test
  void noTargetIsNotAllOfThem() {
    for (String json :
        List.of("{}", "{\"builds\":[]}", "{\"all\":false}", "{\"builds\":[\"a\"],\"all\":true}")) {
      assertThrows(
          UncheckedIOException.class,
          () -> Json.read(json.getBytes(StandardCharsets.UTF_8), Targets.class),
          json);
    }
  }

  @Test
  void aRequestIsReadAsWhatItsFieldsSay() {
    CommandRequest spoken =
        new CommandRequest.SpokenFor(
            new Action.Nice(50), Targets.of(List.of("a")), "too loud", 5000L);
    CommandRequest relayed = new CommandRequest.Relayed(List.of());

    for (CommandRequest request : List.of(spoken, relayed)) {
      assertEquals(request, Json.read(Json.write(request), CommandRequest.class));
    }
    assertEquals(
        spoken,
        Json.read(
            "{\"action\":{\"do\":\"nice\",\"weight\":50},\"targets\":{\"builds\":[\"a\"]},\"reason\":\"too loud\",\"deadlineMs\":5000}"
                .getBytes(StandardCharsets.UTF_8),
            CommandRequest.class));
  }
}
