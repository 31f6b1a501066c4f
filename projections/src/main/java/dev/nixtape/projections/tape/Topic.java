package dev.nixtape.projections.tape;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/// A topic of nixtape's, with the settings that it is made with; afterwards they are the user's.
///
/// @param settings Kafka's own topic settings
public record Topic(String name, Map<String, String> settings) {

  /// Bytes of a chunk at most: far below Kafka's default limit of 1 MiB for a batch, so that any
  /// cluster takes it, and so little that a projection that reads a hundred at a time does with a
  /// small heap. Larger ones save nothing measurable.
  public static final int CHUNK_BYTES = 128 * 1024;

  /// Every entry, keyed by session, partitioned by host, kept until the user says otherwise.
  public static final Topic LOG =
      new Topic("nixtape.log", Map.of("cleanup.policy", "delete", "retention.ms", "-1"));

  /// Finished activities, keyed by name, derived from the log.
  public static final Topic BUILDS =
      new Topic("nixtape.builds", Map.of("cleanup.policy", "delete", "retention.ms", "-1"));

  /// Derivations that a shim read, keyed by drv path, derived from the log.
  public static final Topic DERIVATIONS =
      new Topic("nixtape.derivations", Map.of("cleanup.policy", "compact"));

  /// What hosts and their builds use (`HostSample`), keyed by host.
  public static final Topic HOSTS =
      new Topic(
          "nixtape.hosts",
          Map.of(
              "cleanup.policy",
              "delete",
              "retention.ms",
              Long.toString(Duration.ofDays(7).toMillis())));

  /// Commands and their results (`ControlRecord`), keyed by host: the audit trail.
  public static final Topic CONTROL =
      new Topic("nixtape.control", Map.of("cleanup.policy", "delete", "retention.ms", "-1"));

  /// What is forgotten and derived anew.
  public static final List<Topic> DERIVED = List.of(BUILDS, DERIVATIONS);

  public static final List<Topic> ALL = List.of(LOG, BUILDS, DERIVATIONS, HOSTS, CONTROL);
}
