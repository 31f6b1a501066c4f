package dev.nixtape.projections.hosts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Remote;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.hosts.Dispatched.Together;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DispatchedTest {
  private static final Instant AT = Instant.parse("2026-01-31T14:03:00Z");
  private static final String MACHINE = "ssh-ng://builder-7";

  /// @param to seconds after `AT`; null while it runs
  private static Build build(
      String id, String host, String machine, String drv, double from, @Nullable Double to) {
    return BuildJson.read(
        """
        {"id":"%s","nixId":"1","kind":"build","drvPath":"/nix/store/%s.drv","name":"n","host":"%s","machine":"%s","session":"s",
         "startedAt":"%s","finishedAt":%s,"phase":"%s","phases":[{"name":"%s","durationMs":1}],"logLines":0,
         "cpuUserMs":%s,"cpuSystemMs":1,"peakMemory":1,"log":{"partition":0,"from":1,"to":2}}
        """
            .formatted(
                id,
                drv,
                host,
                machine,
                AT.plusMillis((long) (1000 * from)),
                to == null ? "null" : "\"" + AT.plusMillis((long) (1000 * to)) + "\"",
                "phase of " + id,
                "phase of " + id,
                to == null || !machine.equals("local") ? "null" : "5")
            .getBytes(StandardCharsets.UTF_8));
  }

  private static final Build SENT = build("sent", "laptop", MACHINE, "a", 0, 60.0);
  private static final Build ACCOUNT = build("account", "builder-7", "local", "a", 10, 50.0);

  private static Build joined(Build row, Build... candidates) {
    return Dispatched.together(List.of(row), List.of(candidates)).rows().getFirst();
  }

  @Test
  void aBuildThatWasSentAwayShowsTheMachinesAccountAndTheTimeOutsideOfIt() {
    Together together = Dispatched.together(List.of(SENT, ACCOUNT), List.of(SENT, ACCOUNT));

    assertEquals(Set.of("account"), together.accounts());
    Build one = together.rows().getFirst();
    assertEquals(1, together.rows().size());
    assertEquals(
        new Remote("account", "builder-7", AT.plusSeconds(10), AT.plusSeconds(50), 20_000L),
        one.remote());
    assertEquals("sent", one.id());
    assertEquals("laptop", one.host());
    assertEquals(ACCOUNT.phase(), one.phase());
    assertEquals(ACCOUNT.phases(), one.phases());
    assertEquals(ACCOUNT.used(), one.used());
  }

  @Test
  void whileItRunsTheTimeOutsideIsNotKnown() {
    Build running = build("sent", "laptop", MACHINE, "a", 0, null);

    assertEquals(
        new Remote("account", "builder-7", AT.plusSeconds(10), AT.plusSeconds(50), null),
        joined(running, ACCOUNT).remote());
  }

  @Test
  void whatTheMachineDidWhenItWasNotAskedIsOutside() {
    Build early = build("account", "builder-7", "local", "a", -5, 50.0);
    Build late = build("account", "builder-7", "local", "a", 20, 65.0);
    Build unheard = build("account", "builder-7", "local", "a", 20, null);

    assertEquals(10_000L, Objects.requireNonNull(joined(SENT, early).remote()).outsideMs());
    assertEquals(20_000L, Objects.requireNonNull(joined(SENT, late).remote()).outsideMs());
    assertEquals(20_000L, Objects.requireNonNull(joined(SENT, unheard).remote()).outsideMs());
  }

  @Test
  void theLastTryOfAMachineCounts() {
    Build first = build("first", "builder-7", "local", "a", 5, 20.0);

    assertEquals(
        "account", Objects.requireNonNull(joined(SENT, first, ACCOUNT, first).remote()).id());
  }

  @Test
  void aMachineIsItsHostByItsWholeNameOrTheFirstPartOfIt() {
    for (String[] named :
        new String[][] {
          {"ssh-ng://builder-7", "builder-7"},
          {"ssh-ng://builder-7.example.org", "builder-7.example.org"},
          {"ssh-ng://builder-7.example.org", "builder-7"},
          {"ssh://builder-7", "builder-7.example.org"},
          {"ssh://nix@builder-7:2222?max-connections=4", "builder-7"},
          {"builder-7", "builder-7"},
          {"nix@builder-7", "builder-7"}
        }) {
      Build sent = build("sent", "laptop", named[0], "a", 0, 60.0);
      Build account = build("account", named[1], "local", "a", 10, 50.0);
      assertEquals(
          "account", Objects.requireNonNull(joined(sent, account).remote(), named[0]).id());
    }
  }

  @Test
  void whatIsOfAnotherHostDerivationOrTimeIsNoAccount() {
    for (Build other :
        List.of(
            build("x", "builder-70", "local", "a", 10, 50.0),
            build("x", "7", "local", "a", 10, 50.0),
            build("x", "builder-7.org", "local", "b", 10, 50.0),
            build("x", "builder-7", "local", "a", 60, 70.0),
            build("x", "builder-7", "local", "a", -20, 0.0),
            build("x", "laptop", "local", "a", 10, 50.0),
            SENT)) {
      assertNull(joined(SENT, other).remote(), other.toString());
    }
    Build domains = build("sent", "laptop", "ssh://builder-7.a.org", "a", 0, 60.0);
    assertNull(joined(domains, build("x", "builder-7.b.org", "local", "a", 10, 50.0)).remote());
    assertEquals(ACCOUNT, joined(ACCOUNT, SENT), "only what was sent has an account");
  }

  /// The machine's clock may be behind or ahead: its account comes after the build or before it.
  @Test
  void aStreamOfFactsShowsEachBuildOnceWhateverTheClocksSay() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      List<Build> facts = new ArrayList<>();
      Set<String> expected = new java.util.TreeSet<>();
      for (int i = 0; i < 40; i++) {
        double from = 1000 * random.nextDouble();
        double to = from + 20 + 80 * random.nextDouble();
        boolean sent = i % 3 == 0;
        facts.add(
            build("b" + i, sent ? "laptop" : "host", sent ? MACHINE : "local", "d" + i, from, to));
        expected.add("b" + i);
        if (sent) {
          double skew = 18 * random.nextDouble() - 9;
          facts.add(
              build("a" + i, "builder-7", "local", "d" + i, from + 0.4 + skew, to - 0.4 + skew));
        }
      }
      facts.sort(Comparator.comparing(Build::endedAt).reversed());
      List<Build> rows = facts.stream().gather(Dispatched.together(_ -> facts)).toList();

      assertEquals(
          expected, new java.util.TreeSet<>(rows.stream().map(Build::id).toList()), "seed " + seed);
      assertEquals(expected.size(), rows.size(), "seed " + seed);
      assertEquals(
          rows.stream().sorted(Comparator.comparing(Build::endedAt).reversed()).toList(), rows);
    }
  }

  @Test
  void aStreamIsReadNoFurtherThanItIsWanted() {
    int[] read = {0};
    Stream<Build> endless =
        Stream.iterate(0, i -> i + 1)
            .peek(_ -> read[0]++)
            .map(i -> build("b" + i, "h", "local", "a", -i - 1.0, (double) -i));
    var rows = endless.gather(Dispatched.together(_ -> List.of())).iterator();

    assertEquals("b0", rows.next().id());
    assertEquals("b1", rows.next().id());
    assertEquals(13, read[0], "as many seconds as clocks may be apart");
  }
}
