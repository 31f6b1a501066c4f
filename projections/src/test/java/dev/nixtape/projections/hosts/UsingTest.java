package dev.nixtape.projections.hosts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.HostView;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.MachineView;
import dev.nixtape.projections.Session.Tally;
import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.control.HostSample.BuildUse;
import dev.nixtape.projections.control.HostSample.Machine;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class UsingTest {
  private static final Instant AT = Instant.parse("2026-01-31T14:03:00Z");
  private static final String DRV = "/nix/store/x.drv";

  private static HostSample sample(String host, long ms, List<BuildUse> builds, Machine... has) {
    return new HostSample(
        host,
        "boot",
        AT.plusMillis(ms),
        List.of(1.5, 1.0, 0.5),
        8,
        4096,
        1024,
        new HostSample.Pressure(1, 2, 3),
        9000,
        2000,
        builds,
        List.of(has));
  }

  private static BuildUse use(Instant since, long cpuMs) {
    return new BuildUse(
        DRV, since, false, cpuMs - cpuMs / 10, cpuMs / 10, 7, 9, null, null, 2, null);
  }

  private static HostState state(HostSample... samples) {
    HostState state = null;
    for (HostSample sample : samples) {
      state = HostState.after(state, sample, AT);
    }
    return Objects.requireNonNull(state);
  }

  private static Build build(String host, String kind, String finishedAt) {
    return BuildJson.read(
        """
        {"id":"i","nixId":"1","kind":"%s","drvPath":"%s","name":"n","host":"%s","session":"s",
         "startedAt":"2026-01-31T14:03:00.123Z","finishedAt":%s,"logLines":0,"log":{"partition":0,"from":1,"to":2}}
        """
            .formatted(kind, DRV, host, finishedAt)
            .getBytes(StandardCharsets.UTF_8));
  }

  private static final Build RUNNING = build("h", "build", "null");

  private static Build.Now now(HostState... states) {
    return Objects.requireNonNull(new Using(List.of(states)).with(RUNNING).now());
  }

  @Test
  void shareOfAProcessorIsWhatWasUsedBetweenTwoSamples() {
    HostState state =
        state(
            sample("h", 0, List.of(use(AT, 1_000))),
            sample("h", 1_000, List.of(use(AT, 2_000))),
            sample("h", 3_000, List.of(use(AT, 4_500))));

    assertEquals(new Build.Now(125L, 7, false), now(state));
    assertEquals(state, Json.read(Json.write(state), HostState.class), "as a store keeps it");
  }

  @Test
  void ofOneSampleAloneOrOfAnotherTryNobodyKnowsTheShare() {
    assertNull(now(state(sample("h", 0, List.of(use(AT, 1_000))))).cpuPercent());
    assertNull(
        now(state(
                sample("h", 0, List.of(use(AT, 1_000))),
                sample("h", 1_000, List.of(use(AT.plusMillis(900), 10)))))
            .cpuPercent());
    assertNull(
        now(state(sample("h", 0, List.of(use(AT, 1_000))), sample("h", 0, List.of(use(AT, 1_000)))))
            .cpuPercent());
  }

  @Test
  void onlyABuildThatRunsOnThatHostUsesAnything() {
    Using using = new Using(List.of(state(sample("h", 0, List.of(use(AT, 1_000))))));
    for (Build other :
        List.of(
            build("g", "build", "null"),
            build("h", "wait", "null"),
            build("h", "build", "\"2026-01-31T14:04:00.000Z\""))) {
      assertEquals(other, using.with(other));
    }
    assertEquals(
        RUNNING, new Using(List.of(state(sample("h", 0, List.of())))).with(RUNNING), "not seen");
  }

  @Test
  void aHostThatWasSilentForTenSecondsIsUnknown() {
    HostState state = state(sample("h", 99_000, List.of()));

    assertTrue(state.isFresh(AT.plusMillis(9_999)));
    assertFalse(state.isFresh(AT.plusMillis(10_000)));
  }

  @Test
  void hostsAreThoseOfTheLogAndThoseThatSayWhatTheyUse() {
    HostView silent = new HostView("a", 1, 2, 3, AT, Tally.NONE, null);
    HostView heard = new HostView("h", 1, 2, 3, AT.minusMillis(5), Tally.NONE, null);

    List<HostView> hosts =
        new Using(List.of(state(sample("z", 0, List.of())), state(sample("h", 0, List.of()))))
            .with(List.of(heard, silent));

    assertEquals(List.of("a", "h", "z"), hosts.stream().map(HostView::host).toList());
    assertEquals(silent, hosts.get(0));
    assertEquals(
        heard.withNow(
            new HostView.Now(
                AT,
                List.of(1.5, 1.0, 0.5),
                8,
                4096,
                1024,
                new HostView.Pressure(1, 2, 3),
                9000,
                2000)),
        hosts.get(1));
    assertEquals(0, hosts.get(2).sessions());
  }

  @Test
  void aMachineIsOneHoweverManyHostsHaveIt() {
    Machine big = new Machine("ssh-ng://big", List.of("x86_64-linux"), 4, 2);
    Machine bigger = new Machine("ssh-ng://big", List.of("aarch64-linux", "x86_64-linux"), 8, 1);
    Machine other = new Machine("ssh://other", List.of("x86_64-linux"), 1, 0);

    assertEquals(
        List.of(
            new MachineView(
                "ssh-ng://big",
                List.of("aarch64-linux", "x86_64-linux"),
                8,
                3,
                List.of(new MachineView.Use("a", 2), new MachineView.Use("b", 1))),
            new MachineView(
                "ssh://other",
                List.of("x86_64-linux"),
                1,
                0,
                List.of(new MachineView.Use("b", 0)))),
        new Using(
                List.of(
                    state(sample("b", 0, List.of(), bigger, other)),
                    state(sample("a", 0, List.of(), big))))
            .machines());
  }
}
