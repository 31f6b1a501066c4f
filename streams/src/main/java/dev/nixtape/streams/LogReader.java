package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.nix.ActivityType;
import dev.nixtape.projections.nix.NixEvent;
import dev.nixtape.projections.nix.NixLine;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Topic;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/// Reads a build's own log lines back out of `nixtape.log`, where its pointer says that they stand:
/// nobody keeps them twice.
final class LogReader implements AutoCloseable {
  /// Bytes of one line at most that are put together from pieces.
  private static final int LINE_BYTES = 16 << 20;

  /// How many results of a build can come before its second writer begins.
  private static final int EARLY = 1000;

  /// For a single record of each of some partitions.
  private static final Duration GLANCE = Duration.ofSeconds(1);

  /// Records of at most 128 KiB each in which the end of a log is looked for.
  private static final int TAIL_RECORDS = 128;

  /// For the ends of many logs.
  private static final Duration MOMENT = Duration.ofSeconds(4);

  private final Map<String, Object> settings = new HashMap<>();

  /// Kept once it was needed: to make one takes longer than the rest of the answer.
  private @Nullable KafkaConsumer<byte[], byte[]> glancing;

  private boolean closed;

  LogReader(String bootstrapServers, Map<String, String> kafka) {
    settings.put("metric.reporters", "");
    settings.put("enable.metrics.push", false);
    settings.put("auto.offset.reset", "earliest");
    settings.put("fetch.max.wait.ms", 200);
    settings.putAll(kafka);
    settings.put("bootstrap.servers", bootstrapServers);
    settings.put("enable.auto.commit", false);
    settings.put("key.deserializer", ByteArrayDeserializer.class);
    settings.put("value.deserializer", ByteArrayDeserializer.class);
    settings.remove("group.instance.id");
  }

  /// Gives the lines to `take`, in their order, until it returns false.
  ///
  /// @param follow goes on behind the end of what is there, until the build ends
  void read(Build build, boolean follow, Predicate<String> take) {
    TopicPartition partition = new TopicPartition(Topic.LOG.name(), build.log().partition());
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
      consumer.assign(List.of(partition));
      consumer.seek(partition, build.log().from());
      long end =
          build.running()
              ? java.util.Objects.requireNonNull(
                  consumer.endOffsets(List.of(partition)).get(partition))
              : build.log().to() + 1;
      Telling telling = new Telling(build, take);
      boolean untilEnd = build.running() && follow;
      while (!telling.over && (untilEnd || consumer.position(partition) < end)) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
          if ((untilEnd || record.offset() < end) && !telling.over) {
            telling.hear(record);
          }
        }
        if (untilEnd && !telling.over) {
          // Nothing new: whoever asked may be gone, and only writing shows it.
          telling.over = !take.test("");
        }
      }
    }
  }

  /// The last lines of builds that ended, by their ids; without those that are not found in a
  /// moment, the last ones of the list first. Only the end of a build's range is read: what is told
  /// by several streams is taken from one of them.
  Map<String, List<String>> tails(List<Build> builds) {
    if (builds.isEmpty()) {
      return Map.of();
    }
    Map<String, List<String>> tails = new HashMap<>();
    Map<String, Object> little = new HashMap<>(settings);
    little.put("max.partition.fetch.bytes", 2 * Topic.CHUNK_BYTES);
    little.put("max.poll.records", TAIL_RECORDS);
    // An assignment waits for the fetch before it, which at the log's end waits for more.
    little.put("fetch.max.wait.ms", 1);
    long began = System.nanoTime();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(little)) {
      for (Build build : builds) {
        if (build.logLines() == 0) {
          tails.put(build.id(), List.of());
          continue;
        }
        TopicPartition partition = new TopicPartition(Topic.LOG.name(), build.log().partition());
        consumer.assign(List.of(partition));
        consumer.seek(partition, Math.max(build.log().from(), build.log().to() + 1 - TAIL_RECORDS));
        LogTail tail = new LogTail(build);
        while (consumer.position(partition) <= build.log().to()) {
          if (System.nanoTime() - began > MOMENT.toNanos()) {
            return tails;
          }
          for (ConsumerRecord<byte[], byte[]> record : consumer.poll(GLANCE.dividedBy(10))) {
            if (record.offset() <= build.log().to()) {
              tail.hear(record);
            }
          }
        }
        List<String> lines = tail.lines();
        if (!lines.isEmpty()) {
          tails.put(build.id(), lines);
        }
      }
    }
    return tails;
  }

  /// When the records at these offsets of the log, by partition, reached their hosts; without those
  /// that Kafka does not give at once.
  synchronized Map<Integer, Instant> arrivals(Map<Integer, Long> offsets) {
    if (closed) {
      return Map.of();
    }
    if (glancing == null) {
      Map<String, Object> little = new HashMap<>(settings);
      little.put("max.poll.records", 1);
      little.put("max.partition.fetch.bytes", Topic.CHUNK_BYTES);
      glancing = new KafkaConsumer<>(little);
    }
    KafkaConsumer<byte[], byte[]> consumer = glancing;
    List<TopicPartition> partitions =
        offsets.keySet().stream().map(p -> new TopicPartition(Topic.LOG.name(), p)).toList();
    Map<Integer, Instant> arrivals = new HashMap<>();
    long began = System.nanoTime();
    consumer.assign(partitions);
    consumer.resume(partitions);
    offsets.forEach(
        (p, offset) -> consumer.seek(new TopicPartition(Topic.LOG.name(), p), offset.longValue()));
    while (arrivals.size() < offsets.size() && System.nanoTime() - began < GLANCE.toNanos()) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(GLANCE.dividedBy(10))) {
        arrivals.putIfAbsent(record.partition(), Instant.ofEpochMilli(record.timestamp()));
        consumer.pause(List.of(new TopicPartition(record.topic(), record.partition())));
      }
    }
    return arrivals;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (glancing != null) {
      glancing.close(CloseOptions.timeout(Duration.ZERO));
      glancing = null;
    }
  }

  /// The same lines come from a client's stream and from its worker's; the n-th result counts when
  /// the first of them tells it.
  private static final class Telling {
    private final Build build;
    private final long nixId;

    /// Nix's id of the build, and of a remote machine's account of it, which has the log.
    private final Set<Long> ids = new HashSet<>();

    private final Predicate<String> take;
    private final Map<String, Long> next = new HashMap<>();
    private final Map<String, Long> told = new HashMap<>();
    private final Map<String, ByteArrayOutputStream> torn = new HashMap<>();
    private final Set<String> tellers = new HashSet<>();
    private long furthest;
    private boolean over;

    /// A file that client and worker both wrote tells everything twice. How often each line was
    /// told by one writer and not yet by the other; of a log that is told once, of its beginning
    /// only.
    private final Map<String, Integer> unpaired = new HashMap<>();

    private boolean twice;
    private boolean onceOver;

    Telling(Build build, Predicate<String> take) {
      this.build = build;
      this.nixId = Long.parseUnsignedLong(build.nixId());
      ids.add(nixId);
      this.take = take;
    }

    void hear(ConsumerRecord<byte[], byte[]> record) {
      if (!new String(record.key(), UTF_8).startsWith(build.host() + "/")) {
        return;
      }
      LogEntry entry =
          LogRecords.read(record.key(), record.timestamp(), record.value(), record.headers());
      switch (entry) {
        case LogEntry.Lines lines -> lines(lines.session().key(), lines.offset(), lines.bytes());
        case LogEntry.Closed closed -> {
          if (tellers.remove(closed.session().key()) && tellers.isEmpty()) {
            over = true;
          }
        }
        case LogEntry.Opened _,
            LogEntry.Observed _,
            LogEntry.Gap _,
            LogEntry.Listening _,
            LogEntry.Reported _ -> {}
      }
    }

    private void lines(String session, long offset, ByteSlice chunk) {
      // After a crash a shim publishes once more what it cannot know to have arrived.
      long known = next.getOrDefault(session, offset);
      if (offset + chunk.length() <= known) {
        return;
      }
      if (offset > known) {
        torn.remove(session);
      }
      next.put(session, offset + chunk.length());
      ByteSlice bytes = chunk.from((int) Math.max(0, known - offset));
      int from = 0;
      for (int end; !over && (end = bytes.indexOf((byte) '\n', from)) >= 0; from = end + 1) {
        ByteSlice line = bytes.slice(from, end);
        ByteArrayOutputStream begun = torn.remove(session);
        if (begun != null) {
          begun.write(line.array(), line.from(), line.length());
          line = ByteSlice.of(begun.toByteArray());
        }
        line(session, line);
      }
      if (from < bytes.length()) {
        ByteArrayOutputStream begun =
            torn.computeIfAbsent(session, _ -> new ByteArrayOutputStream());
        ByteSlice rest = bytes.from(from);
        if (begun.size() + rest.length() <= LINE_BYTES) {
          begun.write(rest.array(), rest.from(), rest.length());
        }
      }
    }

    private void line(String session, ByteSlice line) {
      switch (NixLine.parse(line)) {
        case NixEvent.Start start when start.id() == nixId -> {
          if (!tellers.add(session)) {
            twice = true;
          }
        }
        case NixEvent.Start start
            when start.type() == ActivityType.BUILD
                && NixEvent.opener(start.id()) == NixEvent.opener(nixId)
                && start.field(0).equals(build.drvPath()) ->
            ids.add(start.id());
        case NixEvent.Stop stop when stop.id() == nixId -> {
          over = !twice || onceOver;
          onceOver = true;
        }
        case NixEvent.Result result when ids.contains(result.id()) -> {
          tellers.add(session);
          long n = told.merge(session, 1L, Long::sum);
          if (n > furthest) {
            furthest = n;
            if (result instanceof NixEvent.LogLine) {
              logLine(NixLine.logText(line));
            }
          }
        }
        case NixEvent _ -> {}
      }
    }

    private void logLine(String text) {
      if (twice && unpaired.getOrDefault(text, 0) > 0) {
        unpaired.merge(text, -1, Integer::sum);
        return;
      }
      if (twice || furthest <= EARLY) {
        unpaired.merge(text, 1, Integer::sum);
      }
      over = !take.test(text + "\n");
    }
  }
}
