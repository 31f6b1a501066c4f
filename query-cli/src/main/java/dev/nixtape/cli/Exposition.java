package dev.nixtape.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.Json;
import dev.nixtape.streams.Reply;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/// What this process measures, as Prometheus reads it: its parts register their meters here, beside
/// the JVM's own.
final class Exposition implements AutoCloseable {
  /// Where Prometheus looks when nobody says.
  static final String PATH = "/metrics";

  /// Where a shim says how it is.
  static final String SHIM = "/v1/shim";

  /// Prometheus' text format, which every version of it reads.
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics garbage = new JvmGcMetrics();

  Exposition() {
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    new UptimeMetrics().bindTo(meters);
    garbage.bindTo(meters);
  }

  MeterRegistry meters() {
    return meters;
  }

  Reply scrape() {
    return new Reply(200, TEXT, meters.scrape(TEXT));
  }

  static Reply json(Object value) {
    return new Reply(200, "application/json", new String(Json.write(value), UTF_8));
  }

  @Override
  public void close() {
    garbage.close();
  }
}
