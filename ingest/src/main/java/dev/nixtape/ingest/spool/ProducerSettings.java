package dev.nixtape.ingest.spool;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;

/// The producer's settings: fast by default, the user's where given, and never other than the
/// publisher's promises need.
final class ProducerSettings {
  /// Kafka forgets a topic that was quiet that long, and would then refuse its next record: a host
  /// may build nothing for weeks.
  private static final long QUIET_MS = 10L * 365 * 24 * 60 * 60 * 1000;

  private static final Map<String, Object> DEFAULTS =
      Map.ofEntries(
          Map.entry(ProducerConfig.CLIENT_ID_CONFIG, "nixtape-ingest"),
          Map.entry(ProducerConfig.COMPRESSION_TYPE_CONFIG, "zstd"),
          Map.entry(ProducerConfig.COMPRESSION_ZSTD_LEVEL_CONFIG, 1),
          Map.entry(ProducerConfig.LINGER_MS_CONFIG, 5),
          Map.entry(ProducerConfig.BATCH_SIZE_CONFIG, 256 * 1024),
          Map.entry(ProducerConfig.BUFFER_MEMORY_CONFIG, 16L * 1024 * 1024),
          // an outage is waited out: a record fails only when Kafka says that it never takes it
          Map.entry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE),
          Map.entry(ProducerConfig.METADATA_MAX_IDLE_CONFIG, QUIET_MS),
          // a broker that does not answer is given up sooner than after Kafka's 30 s
          Map.entry(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000),
          // back within a second when Kafka is
          Map.entry(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500L),
          Map.entry(ProducerConfig.RETRY_BACKOFF_MAX_MS_CONFIG, 500L),
          Map.entry(ProducerConfig.METRIC_REPORTER_CLASSES_CONFIG, ""),
          Map.entry(ProducerConfig.ENABLE_METRICS_PUSH_CONFIG, false));

  private static final Map<String, Object> PROMISES =
      Map.of(
          ProducerConfig.ACKS_CONFIG,
          "all",
          ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
          true,
          // Idempotence keeps the order of what a broker has seen of this producer: of one that is
          // new to it, it takes the second request though it refused the first.
          ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
          1,
          // the publisher asks again by itself, and stops when it is told to
          ProducerConfig.MAX_BLOCK_MS_CONFIG,
          0L);

  private ProducerSettings() {}

  static Map<String, Object> of(String bootstrapServers, Map<String, String> client) {
    Map<String, Object> config = new HashMap<>(DEFAULTS);
    config.putAll(client);
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    config.putAll(PROMISES);
    config.remove(ProducerConfig.TRANSACTIONAL_ID_CONFIG);
    config.remove(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG);
    config.remove(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG);
    return config;
  }
}
