package dev.nixtape.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.control.HostSample.BuildUse;
import dev.nixtape.projections.control.HostSample.Pressure;
import dev.nixtape.projections.tape.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a host says of itself, once a second.
class HostWatchTest {
  private static final Instant NOW = Instant.parse("2026-11-17T14:03:00Z");

  @TempDir Path kernel;
  private final List<String> said = new ArrayList<>();

  private void write(String file, String text) throws IOException {
    Path path = kernel.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private HostSample sample() throws IOException {
    write("proc/sys/kernel/random/boot_id", "1b6c-2\n");
    write("proc/loadavg", "0.52 1.07 12.00 3/412 4711\n");
    write(
        "proc/meminfo",
        "MemTotal:       65763908 kB\nMemFree:          123 kB\nMemAvailable:   41226248 kB\nHugePages_Total:       0\n");
    write("sys/devices/system/cpu/online", "0-3,6\n");
    Files.createDirectories(kernel.resolve("nix/store"));
    try (HostSampler sampler =
        new HostSampler(
            "builder-7", kernel, kernel, List::of, InstantSource.fixed(NOW), said::add)) {
      return sampler.look();
    }
  }

  private static String pressure(String some) {
    return "some avg10=%s avg60=9.99 avg300=9.99 total=1\nfull avg10=9.99 avg60=9.99 avg300=9.99 total=1\n"
        .formatted(some);
  }

  @Test
  void aSampleIsWhatTheKernelSays() throws IOException {
    write("proc/pressure/cpu", pressure("12.34"));
    write("proc/pressure/memory", pressure("0.00"));
    write("proc/pressure/io", pressure("100.00"));

    HostSample sample = sample();

    assertEquals("builder-7", sample.host());
    assertEquals("1b6c-2", sample.boot());
    assertEquals(NOW, sample.at());
    assertEquals(List.of(0.52, 1.07, 12.0), sample.load());
    assertEquals(5, sample.processors());
    assertEquals(65_763_908L * 1024, sample.memory());
    assertEquals(41_226_248L * 1024, sample.memoryAvailable());
    assertEquals(new Pressure(12.34, 0, 100), sample.pressure());
    assertEquals(Files.getFileStore(kernel).getTotalSpace(), sample.store());
    assertTrue(sample.storeFree() > 0 && sample.storeFree() < sample.store());
    assertEquals(List.of(), sample.machines());
  }

  @Test
  void aKernelWithoutPressureSaysNothingOfIt() throws IOException {
    assertNull(sample().pressure());
  }

  private static BuildUse use(String drvPath, int since, long cpuMs) {
    return new BuildUse(
        drvPath, NOW.plusSeconds(since), false, cpuMs, 7, 100, 200, 300L, null, 1, null);
  }

  private static HostSample sample(BuildUse... builds) {
    return new HostSample(
        "h", "b", NOW, List.of(), 1, 1, 1, null, 1, 1, List.of(builds), List.of());
  }

  private static Report.Used used(String drvPath, long cpuMs) {
    return new Report.Used(drvPath, cpuMs, 7, 200, 300L, null);
  }

  @Test
  void whatABuildUsedInAllIsToldWhenItIsGone() throws Exception {
    // Built again at once, it is another build.
    Deque<HostSample> samples =
        new ArrayDeque<>(
            List.of(
                sample(use("a", 0, 10), use("b", 0, 10)),
                sample(use("a", 0, 20), use("b", 0, 20)),
                sample(use("a", 5, 1), use("b", 0, 30)),
                sample()));
    List<Report.Used> ended = new ArrayList<>();
    CountDownLatch all = new CountDownLatch(3);
    try (HostWatch _ =
        new HostWatch(
            () -> samples.size() > 1 ? samples.removeFirst() : samples.getFirst(),
            new HostWatch.Ears() {
              @Override
              public void sampled(HostSample sample, Duration took) {}

              @Override
              public void ended(Report.Used used) {
                ended.add(used);
                all.countDown();
              }
            },
            said::add)) {
      assertTrue(all.await(30, TimeUnit.SECONDS));
    }

    assertEquals(used("a", 20), ended.getFirst());
    assertEquals(
        java.util.Set.of(used("a", 1), used("b", 30)),
        java.util.Set.copyOf(ended.subList(1, ended.size())));
    assertEquals(3, ended.size());
  }

  @Test
  void aHostThatCannotBeLookedAtIsSaidOnceAndLookedAtAgain() throws Exception {
    CountDownLatch looks = new CountDownLatch(3);
    try (HostWatch _ =
        new HostWatch(
            () -> {
              looks.countDown();
              throw new IOException("no /proc/loadavg");
            },
            new HostWatch.Ears() {
              @Override
              public void sampled(HostSample sample, Duration took) {}

              @Override
              public void ended(Report.Used used) {}
            },
            said::add)) {
      assertTrue(looks.await(30, TimeUnit.SECONDS));
    }
    assertEquals(
        List.of("this host cannot be looked at: java.io.IOException: no /proc/loadavg"), said);
  }
}
