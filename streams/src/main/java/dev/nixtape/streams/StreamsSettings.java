package dev.nixtape.streams;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/// How a process of topologies and queries is set up.
///
/// @param bootstrapServers Kafka's own `host:port[,…]`
/// @param kafka client settings that the user gave (SASL, TLS, tuning); they win over ours
/// @param state where the stores live
/// @param listenHost where questions are answered
/// @param listenPort 0 for any free one
/// @param instance this process' name in the group: the same after a restart, so that nothing is
///   handed over
/// @param partitions of topics that have to be made
/// @param replication of topics that have to be made; -1 for the cluster's default
/// @param kept how long what finished is kept in the histories; the log's retention is Kafka's own
public record StreamsSettings(
    String bootstrapServers,
    Map<String, String> kafka,
    Path state,
    String listenHost,
    int listenPort,
    String instance,
    int partitions,
    short replication,
    Duration kept,
    Access access) {

  public StreamsSettings {
    kafka = Map.copyOf(kafka);
    Access.requireSafe(listenHost, access.guard());
    if (partitions < 1) {
      throw new IllegalArgumentException("partitions: at least 1, not " + partitions);
    }
  }
}
