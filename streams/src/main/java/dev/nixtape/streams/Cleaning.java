package dev.nixtape.streams;

import dev.nixtape.projections.tape.Topic;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Forgets what is older than a day: records of the log and of the facts, and by a word to every
/// history what was derived of them.
public final class Cleaning implements AutoCloseable {
  private static final List<Topic> TOPICS = List.of(Topic.LOG, Topic.BUILDS);

  private final Topics topics;
  private final Map<String, Object> client;

  public Cleaning(String bootstrapServers, Map<String, String> kafka) {
    this.topics = new Topics(bootstrapServers, kafka);
    this.client = new HashMap<>(kafka);
    client.put("bootstrap.servers", bootstrapServers);
    client.put("acks", "all");
    client.put("metric.reporters", "");
    client.put("enable.metrics.push", false);
  }

  /// What would go of a topic.
  ///
  /// @param upTo the first offset that stays, by partition
  /// @param records that would go
  /// @param of all that there are
  public record Part(Topic topic, Map<Integer, Long> upTo, long records, long of) {
    public Part {
      upTo = Map.copyOf(upTo);
    }
  }

  /// What would go if all that is older than a day went.
  ///
  /// @param before the begin of a day, UTC
  public List<Part> plan(Instant before) throws IOException {
    List<Part> plan = new java.util.ArrayList<>();
    for (Topic topic : TOPICS) {
      var partitions = topics.partitions(topic);
      Map<Integer, Long> first = topics.offsets(topic, partitions, OffsetSpec.earliest());
      Map<Integer, Long> last = topics.offsets(topic, partitions, OffsetSpec.latest());
      Map<Integer, Long> at =
          topics.offsets(topic, partitions, OffsetSpec.forTimestamp(before.toEpochMilli()));
      Map<Integer, Long> upTo = new TreeMap<>();
      long records = 0;
      long all = 0;
      for (int partition : partitions) {
        long begin = first.getOrDefault(partition, 0L);
        long end = last.getOrDefault(partition, begin);
        // None is that young: all of them are older.
        long stays = at.getOrDefault(partition, -1L) < 0 ? end : at.getOrDefault(partition, end);
        upTo.put(partition, stays);
        records += Math.max(0, stays - begin);
        all += end - begin;
      }
      plan.add(new Part(topic, upTo, records, all));
    }
    return plan;
  }

  /// Carries a plan out. What was derived goes a moment later, as the histories read of it.
  public void carryOut(List<Part> plan, Instant before) throws IOException {
    for (Part part : plan) {
      topics.deleteBefore(part.topic(), part.upTo());
      if (part.topic().equals(Topic.BUILDS)) {
        tell(part.upTo().keySet(), before);
      }
    }
  }

  private void tell(Iterable<Integer> partitions, Instant before) throws IOException {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int partition : partitions) {
        Future<RecordMetadata> told =
            producer.send(
                new ProducerRecord<>(
                    Topic.BUILDS.name(),
                    partition,
                    null,
                    null,
                    null,
                    HistoryTopology.cleaned(before)));
        told.get();
      }
    } catch (ExecutionException e) {
      throw new IOException("the histories could not be told: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the histories were told", e);
    }
  }

  @Override
  public void close() {
    topics.close();
  }
}
