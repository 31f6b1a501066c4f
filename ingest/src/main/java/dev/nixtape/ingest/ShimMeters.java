package dev.nixtape.ingest;

import dev.nixtape.ingest.spool.Spool;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.function.ToDoubleFunction;

/// What is measured of a shim's socket and spool. `docs/metrics.md` explains each.
final class ShimMeters {
  private final MeterRegistry registry;
  private final SocketShim shim;
  private final Recorder recorder;

  private ShimMeters(MeterRegistry registry, SocketShim shim, Recorder recorder) {
    this.registry = registry;
    this.shim = shim;
    this.recorder = recorder;
  }

  static void bind(MeterRegistry registry, SocketShim shim, Recorder recorder) {
    ShimMeters meters = new ShimMeters(registry, shim, recorder);
    meters.ofSocket();
    meters.ofSpool();
  }

  private void ofSocket() {
    Gauge.builder("nixtape.shim.sessions", shim, SocketShim::open)
        .description("Connections of Nix that are open")
        .register(registry);
    counter("nixtape.read.bytes", "Bytes read from the socket", "bytes", s -> s.traffic().bytes());
    counter("nixtape.read.lines", "Lines that ended in them", "lines", s -> s.traffic().lines());
    counter(
        "nixtape.refused.connections",
        "Connections beyond a limit, closed at once",
        "connections",
        s -> s.traffic().refusedConnections());
  }

  private void counter(
      String name, String description, String unit, ToDoubleFunction<SocketShim> value) {
    FunctionCounter.builder(name, shim, value)
        .description(description)
        .baseUnit(unit)
        .register(registry);
  }

  private void ofSpool() {
    gauge("nixtape.spool.bytes", "Bytes of the spool's files", "bytes", Spool.State::bytes);
    gauge("nixtape.spool.limit", "What the spool may have", "bytes", Spool.State::limit);
    gauge(
        "nixtape.spool.age",
        "Since when the oldest waits that Kafka has not acknowledged; 0 when nothing waits",
        "seconds",
        ShimMeters::age);
    lost("nixtape.lost.bytes", "Bytes read that found no room", "bytes", Spool.State::lostBytes);
    lost("nixtape.lost.lines", "Lines that ended in them", "lines", Spool.State::lostLines);
    lost("nixtape.lost.gaps", "Gap entries written for them", "gaps", Spool.State::gaps);
  }

  private static double age(Spool.State state) {
    Instant oldest = state.oldestAt();
    return oldest == null
        ? 0
        : Math.max(0, Duration.between(oldest, Instant.now()).toMillis() / 1000.0);
  }

  private void gauge(
      String name, String description, String unit, ToDoubleFunction<Spool.State> value) {
    Gauge.builder(name, recorder, from -> value.applyAsDouble(from.state()))
        .description(description)
        .baseUnit(unit)
        .register(registry);
  }

  private void lost(
      String name, String description, String unit, ToDoubleFunction<Spool.State> value) {
    FunctionCounter.builder(name, recorder, from -> value.applyAsDouble(from.state()))
        .description(description)
        .baseUnit(unit)
        .register(registry);
  }
}
