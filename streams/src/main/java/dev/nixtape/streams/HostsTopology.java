package dev.nixtape.streams;

import dev.nixtape.projections.Json;
import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.hosts.HostState;
import dev.nixtape.projections.tape.Topic;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `nixtape.hosts` → the store of what hosts use now: one value a host. It is in memory alone, for
/// a second after a start it is whole again.
final class HostsTopology {
  static final String STORE = "hosts";

  /// What piled up while nobody read it says nothing any more. Generous, for hosts' clocks differ.
  private static final Duration PILED_UP = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(HostsTopology.class);

  private HostsTopology() {}

  static void addTo(Topology topology) {
    topology
        .addSource(
            AutoOffsetReset.latest(),
            "samples",
            new StringDeserializer(),
            new ByteArrayDeserializer(),
            Topic.HOSTS.name())
        .addProcessor("measure", SampleProcessor::new, "samples")
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.inMemoryKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                .withLoggingDisabled(),
            "measure");
  }

  private static final class SampleProcessor implements Processor<String, byte[], Void, Void> {
    private @Nullable ProcessorContext<Void, Void> context;
    private @Nullable KeyValueStore<String, byte[]> store;

    @Override
    public void init(ProcessorContext<Void, Void> context) {
      this.context = context;
      store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
      Instant now = Instant.ofEpochMilli(Objects.requireNonNull(context).currentSystemTimeMs());
      if (record.timestamp() < now.minus(PILED_UP).toEpochMilli() || record.value() == null) {
        return;
      }
      HostSample sample;
      try {
        sample = Json.read(record.value(), HostSample.class);
      } catch (UncheckedIOException e) {
        LOG.warn(
            "a record of {} is no sample and is passed over: {}",
            Topic.HOSTS.name(),
            e.getMessage());
        return;
      }
      var hosts = Objects.requireNonNull(store);
      byte[] before = hosts.get(sample.host());
      hosts.put(
          sample.host(),
          Json.write(
              HostState.after(
                  before == null ? null : Json.read(before, HostState.class), sample, now)));
    }
  }
}
