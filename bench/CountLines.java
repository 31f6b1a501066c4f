import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// What projecting cannot be faster than: a consumer that only counts a topic's lines.
///
/// Arguments: `HOST:PORT TOPIC FIRST LINES`. Prints lines a second of the first `FIRST` lines and of the rest, up to `LINES`.
final class CountLines {
  public static void main(String[] arguments) {
    long first = Long.parseLong(arguments[2]);
    long all = Long.parseLong(arguments[3]);
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", arguments[0],
            "isolation.level", "read_committed",
            "max.poll.records", 100,
            "metric.reporters", "",
            "enable.metrics.push", false);
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(arguments[1], 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long lines = 0;
      long began = 0;
      long beganAfter = 0;
      long halfway = 0;
      long halfwayLines = 0;
      while (lines < all) {
        for (ConsumerRecord<byte[], byte[]> each : consumer.poll(Duration.ofSeconds(1))) {
          lines += newlines(each.value());
        }
        if (began == 0 && lines > 0) {
          began = System.nanoTime();
          beganAfter = lines;
        }
        if (halfway == 0 && lines >= first) {
          halfway = System.nanoTime();
          halfwayLines = lines;
        }
      }
      long end = System.nanoTime();
      System.out.printf(
          "%.0f %.0f%n",
          1e9 * (halfwayLines - beganAfter) / (halfway - began),
          1e9 * (lines - halfwayLines) / (end - halfway));
    }
  }

  private static long newlines(byte[] bytes) {
    long count = 0;
    for (byte b : bytes == null ? new byte[0] : bytes) {
      if (b == '\n') {
        count++;
      }
    }
    return count;
  }
}
