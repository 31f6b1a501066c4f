package dev.nixtape.cli;

import dev.nixtape.ingest.Delivery;
import dev.nixtape.ingest.Recorder;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Mixin;

/// What a command records that ends when its source does: it says at the end what is not in the log
/// yet.
final class Published {
  /// How long to wait for a Kafka that acknowledges nothing at all.
  private static final Duration STALL = Duration.ofSeconds(10);

  /// The same for one that never answered.
  private static final Duration ABSENT = Duration.ofSeconds(2);

  @Mixin KafkaOptions kafka = new KafkaOptions();
  @Mixin SocketOptions.HostName host = new SocketOptions.HostName();
  @Mixin SpoolOptions spool = new SpoolOptions();

  /// Opens the recorder, whether Kafka is there or not.
  Recorder open() throws IOException {
    return Recorder.ofCommand(
        spool.settings(Places.data(), kafka.servers(), kafka.settings()),
        host.host(),
        SocketOptions::say);
  }

  /// Fails when Kafka does not answer, before anything was read.
  Recorder required() throws IOException, InterruptedException {
    Recorder recorder = open();
    try {
      recorder.requireLog(STALL);
      return recorder;
    } catch (IOException e) {
      recorder.close(Duration.ZERO);
      throw e;
    }
  }

  /// Waits for Kafka. Returns whether nothing is lost, and says so when something is, or when it is
  /// not in the log yet.
  static boolean finished(Recorder recorder) {
    Delivery delivery = recorder.close(recorder.problem().isPresent() ? ABSENT : STALL);
    if (!delivery.complete()) {
      SocketOptions.say(delivery.toString());
    }
    return delivery.missing() == 0;
  }
}
