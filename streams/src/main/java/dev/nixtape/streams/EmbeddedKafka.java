package dev.nixtape.streams;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.metadata.storage.Formatter;

/// A real Kafka of one node in this process: broker and controller, on loopback, with a directory
/// that outlives it.
public final class EmbeddedKafka implements AutoCloseable {
  private static final int NODE = 1;
  private static final String CONTROLLER = "CONTROLLER";

  private final KafkaRaftServer server;
  private final String bootstrapServers;

  private EmbeddedKafka(KafkaRaftServer server, String bootstrapServers) {
    this.server = server;
    this.bootstrapServers = bootstrapServers;
  }

  /// Starts it, and formats the directory when it is new.
  ///
  /// @param directory where its topics live
  /// @param port of the broker; the controller takes any free one
  /// @throws IOException when it cannot start: the port is taken, the directory is not ours
  public static EmbeddedKafka start(Path directory, int port) throws IOException {
    requireFree(port);
    int controllerPort = freePort();
    Properties settings = settings(directory, port, controllerPort);
    format(directory);
    KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(settings), Time.SYSTEM);
    try {
      server.startup();
    } catch (RuntimeException e) {
      // Its threads outlive the failure: the process can only report it and end.
      throw new IOException(
          "Kafka did not start on 127.0.0.1:%d with %s: %s".formatted(port, directory, cause(e)),
          e);
    }
    return new EmbeddedKafka(server, "127.0.0.1:" + port);
  }

  private static String cause(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  private static Properties settings(Path directory, int port, int controllerPort) {
    Map<String, Object> settings =
        Map.ofEntries(
            Map.entry("process.roles", "broker,controller"),
            Map.entry("node.id", NODE),
            Map.entry("controller.quorum.voters", NODE + "@127.0.0.1:" + controllerPort),
            Map.entry(
                "listeners",
                "PLAINTEXT://127.0.0.1:%d,%s://127.0.0.1:%d"
                    .formatted(port, CONTROLLER, controllerPort)),
            Map.entry("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port),
            Map.entry("controller.listener.names", CONTROLLER),
            Map.entry("log.dirs", directory.toString()),
            Map.entry("auto.create.topics.enable", false),
            Map.entry("group.initial.rebalance.delay.ms", 0),
            // A broker that was killed is taken for alive until its session ends: be back sooner
            // than the default 9 s.
            Map.entry("broker.session.timeout.ms", 3000),
            Map.entry("broker.heartbeat.interval.ms", 1000),
            // Each thread wakes several times a second to find nothing.
            Map.entry("num.network.threads", 1),
            Map.entry("num.io.threads", 1),
            Map.entry("background.threads", 1),
            Map.entry("group.coordinator.threads", 1),
            Map.entry("share.coordinator.threads", 1),
            Map.entry("num.recovery.threads.per.data.dir", 1),
            // One node, one machine: replication and 50 partitions of each internal topic only
            // cost.
            Map.entry("offsets.topic.replication.factor", 1),
            Map.entry("offsets.topic.num.partitions", 1),
            Map.entry("transaction.state.log.replication.factor", 1),
            Map.entry("transaction.state.log.min.isr", 1),
            Map.entry("transaction.state.log.num.partitions", 1),
            Map.entry("share.coordinator.state.topic.replication.factor", 1),
            Map.entry("share.coordinator.state.topic.min.isr", 1),
            Map.entry("share.coordinator.state.topic.num.partitions", 1),
            Map.entry("log.cleaner.dedupe.buffer.size", 4 * 1024 * 1024),
            Map.entry("metric.reporters", ""),
            // Nothing to do is most of the day: fewer heartbeats of the metadata log, longer waits
            // in fetches.
            Map.entry("metadata.max.idle.interval.ms", 0),
            Map.entry("controller.quorum.fetch.timeout.ms", 10_000),
            Map.entry("log.retention.check.interval.ms", 600_000));
    Properties p = new Properties();
    settings.forEach((key, value) -> p.setProperty(key, value.toString()));
    return p;
  }

  private static void format(Path directory) throws IOException {
    Files.createDirectories(directory);
    MetaPropertiesEnsemble found =
        new MetaPropertiesEnsemble.Loader()
            .addLogDirs(List.of(directory.toString()))
            .addMetadataLogDir(directory.toString())
            .load();
    if (found.emptyLogDirs().isEmpty()) {
      return;
    }
    try {
      new Formatter()
          .setNodeId(NODE)
          .setClusterId(org.apache.kafka.common.Uuid.randomUuid().toString())
          .addDirectory(directory.toString())
          .setMetadataLogDirectory(directory.toString())
          .setControllerListenerName(CONTROLLER)
          .setPrintStream(
              new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
          .run();
    } catch (Exception e) {
      throw new IOException(
          "cannot make %s Kafka's directory: %s".formatted(directory, cause(e)), e);
    }
  }

  /// Kafka itself would fail late, and with pages of its own words.
  private static void requireFree(int port) throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (BindException e) {
      throw new IOException(
          "another program has port %d of 127.0.0.1, which the Kafka inside wants: choose another with --kafka-port, or use that program with --bootstrap-servers if it is a Kafka"
              .formatted(port),
          e);
    }
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  public String bootstrapServers() {
    return bootstrapServers;
  }

  @Override
  public void close() {
    server.shutdown();
    server.awaitShutdown();
  }
}
