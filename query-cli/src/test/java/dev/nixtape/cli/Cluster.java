package dev.nixtape.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/// Some real Kafka brokers on loopback.
final class Cluster implements AutoCloseable {
  private final List<KafkaRaftServer> servers = new ArrayList<>();
  private final List<Integer> ports = new ArrayList<>();

  /// @param more settings of every broker
  Cluster(Path folder, int brokers, String protocol, Map<String, String> more) throws Exception {
    int controller = freePort();
    String id = Uuid.randomUuid().toString();
    for (int node = 1; node <= brokers; node++) {
      int port = freePort();
      ports.add(port);
      Path directory = Files.createDirectories(folder.resolve("kafka-" + node));
      Map<String, String> settings = new HashMap<>(more);
      settings.put("process.roles", node == 1 ? "broker,controller" : "broker");
      settings.put("node.id", Integer.toString(node));
      settings.put("controller.quorum.voters", "1@127.0.0.1:" + controller);
      settings.put("controller.listener.names", "CONTROLLER");
      settings.put(
          "listener.security.protocol.map", protocol + ":" + protocol + ",CONTROLLER:PLAINTEXT");
      settings.put("inter.broker.listener.name", protocol);
      settings.put(
          "listeners",
          protocol
              + "://127.0.0.1:"
              + port
              + (node == 1 ? ",CONTROLLER://127.0.0.1:" + controller : ""));
      settings.put("log.dirs", directory.toString());
      settings.put("auto.create.topics.enable", "false");
      settings.put("offsets.topic.replication.factor", "1");
      // A follower that falls behind holds acknowledgements up for so long.
      settings.put("replica.lag.time.max.ms", "3000");
      settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
      new Formatter()
          .setNodeId(node)
          .setClusterId(id)
          .addDirectory(directory.toString())
          .setMetadataLogDirectory(directory.toString())
          .setControllerListenerName("CONTROLLER")
          .setPrintStream(
              new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
          .run();
      Properties properties = new Properties();
      properties.putAll(settings);
      KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
      server.startup();
      servers.add(server);
    }
  }

  String bootstrapServers() {
    return String.join(",", ports.stream().map(port -> "127.0.0.1:" + port).toList());
  }

  /// @param client how to talk to it
  Admin admin(Map<String, String> client) {
    Map<String, Object> settings = new HashMap<>(client);
    settings.put("bootstrap.servers", bootstrapServers());
    return Admin.create(settings);
  }

  void makeLog(Admin admin) throws Exception {
    makeLog(admin, Map.of());
  }

  /// @param settings of the topic
  void makeLog(Admin admin, Map<String, String> settings) throws Exception {
    NewTopic log = new NewTopic("nixtape.log", 1, (short) servers.size()).configs(settings);
    admin.createTopics(List.of(log)).all().get();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    for (KafkaRaftServer server : servers.reversed()) {
      server.shutdown();
      server.awaitShutdown();
    }
  }
}
