package dev.nixtape.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import picocli.CommandLine.Option;

/// Which Kafka, and how to talk to it.
final class KafkaOptions {
  static final int PORT = 9092;

  @Option(
      names = "--bootstrap-servers",
      paramLabel = "HOST:PORT",
      defaultValue = "${env:NIXTAPE_BOOTSTRAP_SERVERS}",
      description = "A Kafka that is already there (default: $NIXTAPE_BOOTSTRAP_SERVERS).")
  Optional<String> bootstrapServers = Optional.empty();

  @Option(
      names = "--kafka-config",
      paramLabel = "FILE",
      description = "Properties for Kafka's clients: SASL, TLS, tuning.")
  Optional<Path> config = Optional.empty();

  /// The Kafka that was named, else the one of a `nixtape up` on this machine.
  String servers() {
    return bootstrapServers.orElse("127.0.0.1:" + PORT);
  }

  Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>();
    if (config.isPresent()) {
      Properties properties = new Properties();
      try (Reader file = Files.newBufferedReader(config.get())) {
        properties.load(file);
      } catch (IOException | IllegalArgumentException e) {
        throw new Failure(
            Failure.USAGE,
            "--kafka-config: cannot read %s: %s".formatted(config.get(), e.getMessage()));
      }
      properties.forEach((key, value) -> settings.put((String) key, (String) value));
    }
    return settings;
  }
}
