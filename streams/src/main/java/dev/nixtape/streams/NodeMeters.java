package dev.nixtape.streams;

import dev.nixtape.projections.Behind;
import dev.nixtape.projections.HostView;
import dev.nixtape.projections.LogView;
import dev.nixtape.projections.tape.Topic;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.jspecify.annotations.Nullable;

/// What a process knows of the partitions that it holds, as meters, each with its partition: a
/// partition is in one process at a time, so that sums over all processes are the farm's, and a
/// counter that moves with it is never taken for one that fell. `docs/metrics.md` says what each
/// means.
final class NodeMeters implements AutoCloseable {
  /// How long one look serves all meters: as long as a scrape takes.
  private static final Duration LOOK = Duration.ofSeconds(1);

  /// How often Kafka's own meters are looked for: they come and go with partitions.
  private static final Duration KAFKA = Duration.ofMinutes(1);

  private final MeterRegistry meters;
  private final KafkaStreams streams;
  private final LocalPart local;
  private final Unfolded unfolded;
  private final ScheduledExecutorService thread =
      new ScheduledThreadPoolExecutor(
          1,
          Thread.ofPlatform().name("meters").daemon().factory(),
          new ThreadPoolExecutor.DiscardPolicy());
  private final KafkaStreamsMetrics kafka;
  private final Map<Held, List<Meter>> shown = new HashMap<>();
  private boolean kafkaBound;
  private Look last = new Look(Map.of(), Map.of(), Map.of());
  private @Nullable Long lookedAt;

  /// A partition of a topic that this process holds.
  private record Held(Topic topic, int partition) {}

  private record Store(String name, int partition) {}

  /// The sum of what RocksDB says of one store.
  private record Size(double bytes, double entries) {
    Size plus(Size that) {
      return new Size(bytes + that.bytes, entries + that.entries);
    }
  }

  /// @param running activities
  private record Part(LogView log, long running) {
    static Part of(List<HostView> hosts) {
      return new Part(LogView.of(hosts), hosts.stream().mapToLong(HostView::running).sum());
    }
  }

  /// What all meters of one scrape show.
  private record Look(
      Map<Integer, Part> parts, Map<Integer, Behind> behind, Map<Store, Size> stores) {}

  NodeMeters(MeterRegistry meters, KafkaStreams streams, LocalPart local, Unfolded unfolded) {
    this.meters = meters;
    this.streams = streams;
    this.local = local;
    this.unfolded = unfolded;
    this.kafka = new KafkaStreamsMetrics(streams, Tags.empty(), thread, KAFKA);
  }

  /// To be called when the partitions of this process are settled. Returns at once: the hundreds of
  /// meters of Kafka's are bound beside the first answers, not before them.
  void settled() {
    thread.execute(this::show);
  }

  private void show() {
    Set<Held> held = new HashSet<>();
    for (Topic topic : Topic.ALL) {
      local.partitions(topic).forEach(partition -> held.add(new Held(topic, partition)));
    }
    shown
        .keySet()
        .removeIf(partition -> {
          if (held.contains(partition)) {
            return false;
          }
          shown.getOrDefault(partition, List.of()).forEach(meters::remove);
          return true;
        });
    held.forEach(partition -> shown.computeIfAbsent(partition, this::metersOf));
    if (!kafkaBound) {
      kafka.bindTo(meters);
      kafkaBound = true;
    }
  }

  private List<Meter> metersOf(Held held) {
    int partition = held.partition();
    Tags tags = Tags.of("partition", Integer.toString(partition));
    if (held.topic().equals(Topic.BUILDS)) {
      return stores(HistoryTopology.STORE, partition, tags);
    }
    if (held.topic().equals(Topic.DERIVATIONS)) {
      return stores(DerivationsTopology.STORE, partition, tags);
    }
    if (held.topic().equals(Topic.CONTROL)) {
      return stores(ControlTopology.STORE, partition, tags);
    }
    if (!held.topic().equals(Topic.LOG)) {
      return List.of();
    }
    List<Meter> all = new ArrayList<>(stores(LiveTopology.STORE, partition, tags));
    all.add(counter("sessions", "Sessions that began", null, partition, tags, LogView::sessions));
    all.add(counter("chunks", "Chunks folded", null, partition, tags, LogView::chunks));
    all.add(counter("lines", "Lines folded", null, partition, tags, LogView::lines));
    all.add(counter("", "Bytes folded", BaseUnits.BYTES, partition, tags, LogView::bytes));
    all.add(
        counter("text.lines", "Lines that are no events", null, partition, tags, LogView::text));
    all.add(
        counter(
            "unrecognised.lines",
            "Lines that mean nothing to the parser",
            null,
            partition,
            tags,
            LogView::unrecognised));
    all.add(
        counter("gaps", "Places where bytes are missing", null, partition, tags, LogView::gaps));
    all.add(
        counter(
            "missing",
            "Bytes that are missing",
            BaseUnits.BYTES,
            partition,
            tags,
            LogView::missing));
    all.add(
        counter(
            "repeated",
            "Bytes that came twice and were counted once",
            BaseUnits.BYTES,
            partition,
            tags,
            LogView::repeated));
    all.add(
        gauge(
            "nixtape.sessions.open",
            "Sessions that are open",
            null,
            tags,
            look -> of(look.parts, partition, part -> part.log().open())));
    all.add(
        gauge(
            "nixtape.activities.running",
            "Activities that run",
            null,
            tags,
            look -> of(look.parts, partition, Part::running)));
    all.add(
        gauge(
            "nixtape.behind.records",
            "Records of nixtape.log that are not folded yet",
            null,
            tags,
            look -> of(look.behind, partition, Behind::records)));
    all.add(
        gauge(
            "nixtape.behind",
            "Since the oldest record that is not folded yet arrived at its host",
            "seconds",
            tags,
            look -> of(look.behind, partition, NodeMeters::seconds)));
    return all;
  }

  private List<Meter> stores(String name, int partition, Tags tags) {
    Store store = new Store(name, partition);
    return List.of(
        gauge(
            "nixtape.store",
            "What a store takes, on disk and in memory that is not written yet",
            BaseUnits.BYTES,
            tags.and("store", name),
            look -> of(look.stores, store, Size::bytes)),
        gauge(
            "nixtape.store.entries",
            "RocksDB's estimate of a store's entries",
            null,
            tags.and("store", name),
            look -> of(look.stores, store, Size::entries)));
  }

  private Meter gauge(
      String name,
      String description,
      @Nullable String unit,
      Tags tags,
      ToDoubleFunction<Look> value) {
    return Gauge.builder(name, this, here -> value.applyAsDouble(here.look()))
        .description(description)
        .baseUnit(unit)
        .tags(tags)
        .register(meters);
  }

  /// A session that ends is for a moment in neither of the two places that are added up; a counter
  /// that falls would be taken for one that began anew.
  private Meter counter(
      String name,
      String description,
      @Nullable String unit,
      int partition,
      Tags tags,
      ToLongFunction<LogView> field) {
    AtomicLong highest = new AtomicLong();
    return FunctionCounter.builder(
            name.isEmpty() ? "nixtape.log" : "nixtape.log." + name,
            this,
            here ->
                of(
                    here.look().parts,
                    partition,
                    part -> highest.accumulateAndGet(field.applyAsLong(part.log()), Math::max)))
        .description(description)
        .baseUnit(unit)
        .tags(tags)
        .register(meters);
  }

  /// Not a number when nobody knows.
  private static <K, V> double of(Map<K, V> values, K key, ToDoubleFunction<V> field) {
    V value = values.get(key);
    return value == null ? Double.NaN : field.applyAsDouble(value);
  }

  private static double seconds(Behind behind) {
    Long millis = behind.millis();
    if (millis != null) {
      return millis / 1000.0;
    }
    return behind.records() == 0 ? 0 : Double.NaN;
  }

  private synchronized Look look() {
    if (lookedAt == null || System.nanoTime() - lookedAt > LOOK.toNanos()) {
      last = new Look(parts(), behind(), sizes());
      lookedAt = System.nanoTime();
    }
    return last;
  }

  private Map<Integer, Part> parts() {
    Map<Integer, Part> parts = new HashMap<>();
    try {
      local.hostsByPartition().forEach((partition, hosts) -> parts.put(partition, Part.of(hosts)));
      return parts;
    } catch (InvalidStateStoreException moving) {
      return last.parts;
    }
  }

  private Map<Integer, Behind> behind() {
    try {
      return unfolded.byPartition();
    } catch (IOException | KafkaException noKafka) {
      return Map.of();
    }
  }

  private Map<Store, Size> sizes() {
    Map<Store, Size> sizes = new HashMap<>();
    for (Map.Entry<MetricName, ? extends Metric> metric : streams.metrics().entrySet()) {
      MetricName name = metric.getKey();
      String store = name.tags().get("rocksdb-state-id");
      String task = name.tags().get("task-id");
      if (store == null || task == null) {
        continue;
      }
      boolean bytes =
          name.name().equals("live-sst-files-size")
              || name.name().equals("cur-size-all-mem-tables");
      boolean entries = name.name().equals("estimate-num-keys");
      if ((bytes || entries) && metric.getValue().metricValue() instanceof Number value) {
        // A task's id is SUBTOPOLOGY_PARTITION.
        int partition = Integer.parseInt(task.substring(task.lastIndexOf('_') + 1));
        sizes.merge(
            new Store(store, partition),
            new Size(bytes ? value.doubleValue() : 0, entries ? value.doubleValue() : 0),
            Size::plus);
      }
    }
    return sizes;
  }

  /// The registry ends with the process: what is registered is left in it.
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
