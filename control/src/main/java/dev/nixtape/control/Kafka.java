package dev.nixtape.control;

import dev.nixtape.projections.tape.Topic;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;

/// The Kafka that an agent listens to and tells.
///
/// @param servers `HOST:PORT`, several with commas
/// @param client Kafka client settings of the user's (SASL, TLS, tuning); they win over this
///   class's choices, except for those that the agent's promises rest on
record Kafka(String servers, Map<String, String> client) {
  /// Kafka forgets a topic that was quiet that long, and would then refuse its next record.
  private static final long QUIET_MS = 10L * 365 * 24 * 60 * 60 * 1000;

  /// A record that is not taken by then fails, so that what stands in the log came before what it
  /// announces; what must arrive is sent again.
  private static final int DELIVERY_MS = 10_000;

  private static final Map<String, Object> DEFAULTS =
      Map.of(
          CommonClientConfigs.CLIENT_ID_CONFIG,
          "nixtape-control",
          // back within a second when Kafka is
          CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG,
          500L,
          CommonClientConfigs.RETRY_BACKOFF_MAX_MS_CONFIG,
          500L,
          CommonClientConfigs.METRIC_REPORTER_CLASSES_CONFIG,
          "",
          CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG,
          false);

  Kafka {
    client = Map.copyOf(client);
  }

  KafkaProducer<byte[], byte[]> producer() {
    Map<String, Object> config = new HashMap<>(DEFAULTS);
    config.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    config.put(ProducerConfig.LINGER_MS_CONFIG, 5);
    config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 8L * 1024 * 1024);
    config.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, QUIET_MS);
    config.putAll(client);
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, DELIVERY_MS / 2);
    config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_MS);
    // the outbox asks again by itself
    config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 0L);
    config.remove(ProducerConfig.TRANSACTIONAL_ID_CONFIG);
    return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /// Without a group: it reads its host's partition, whoever else does.
  KafkaConsumer<byte[], byte[]> consumer() {
    Map<String, Object> config = new HashMap<>(DEFAULTS);
    // Kafka answers at once when there is something; nothing is to be had cheaply.
    config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 5_000);
    config.putAll(client);
    config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    config.remove(ConsumerConfig.GROUP_ID_CONFIG);
    config.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /// Where everything of a host is: the partition that Kafka's own partitioner finds for its name.
  static int partition(String host, int partitions) {
    return Utils.toPositive(Utils.murmur2(host.getBytes(StandardCharsets.UTF_8))) % partitions;
  }

  /// What is wrong, in words.
  String words(Topic topic, Throwable failure) {
    return switch (failure) {
      case TimeoutException timeout when timeout.getCause() != null -> noTopic(topic);
      case TimeoutException _ -> "Kafka at %s is out of reach".formatted(servers);
      default -> {
        String message = failure.getMessage();
        yield "Kafka at %s refuses: %s"
            .formatted(servers, message == null ? failure.getClass().getSimpleName() : message);
      }
    };
  }

  String noTopic(Topic topic) {
    return "Kafka at %s has no topic %s: start nixtape streams first, or nixtape up"
        .formatted(servers, topic.name());
  }
}
