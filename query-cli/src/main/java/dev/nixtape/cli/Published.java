package dev.nixtape.cli;

import dev.nixtape.ingest.Delivery;
import dev.nixtape.ingest.Host;
import dev.nixtape.ingest.LogWriter;
import java.io.IOException;
import java.time.Duration;

/// The log as a command writes it that ends when its source does: it says at the end what Kafka did
/// not take.
final class Published implements AutoCloseable {
  /// How long to wait for a Kafka that acknowledges nothing at all.
  private static final Duration STALL = Duration.ofSeconds(10);

  private static final Duration GREETING = Duration.ofSeconds(2);

  private final LogWriter log;
  private final SocketOptions.HostName host;

  private Published(LogWriter log, SocketOptions.HostName host) {
    this.log = log;
    this.host = host;
  }

  static Published to(KafkaOptions kafka, SocketOptions.HostName host) {
    return new Published(
        LogWriter.open(kafka.servers(), kafka.settings(), SocketOptions::say), host);
  }

  /// Gives Kafka a moment to answer; what it says when it does not comes when something is written.
  Published greeted() {
    try {
      log.requireLog(GREETING);
    } catch (IOException notYet) {
      // The source is live: it is read all the same.
    }
    return this;
  }

  /// Fails when Kafka does not answer, before anything was read.
  Published required() throws IOException {
    log.requireLog(STALL);
    return this;
  }

  LogWriter log() {
    return log;
  }

  Host host() {
    return host.host();
  }

  /// Waits for Kafka. Returns whether everything is in the log, and says so when it is not.
  boolean finished() {
    Delivery delivery = log.close(STALL);
    if (!delivery.complete()) {
      SocketOptions.say("not everything was recorded: " + delivery);
    }
    return delivery.complete();
  }

  @Override
  public void close() {
    log.close();
  }
}
