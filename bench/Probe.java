import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Says when lines of one session are in the log: when a consumer has them.
///
/// Arguments: `HOST:PORT TOPIC MARK`. Looks at chunks that begin with MARK; prints `NUMBER MICROSECONDS` for each of their lines,
/// where the number is what follows the mark, and the microseconds are since the epoch. Prints `ready` first.
final class Probe {
  public static void main(String[] arguments) {
    byte[] mark = arguments[2].getBytes(StandardCharsets.US_ASCII);
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", arguments[0],
            "fetch.max.wait.ms", 100,
            "metric.reporters", "",
            "enable.metrics.push", false);
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(arguments[1], 0);
      consumer.assign(List.of(partition));
      consumer.seekToEnd(List.of(partition));
      consumer.position(partition);
      System.out.println("ready");
      while (!System.out.checkError()) {
        var records = consumer.poll(Duration.ofSeconds(1));
        long now = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
        for (ConsumerRecord<byte[], byte[]> each : records) {
          byte[] value = each.value();
          if (value != null
              && value.length > mark.length
              && Arrays.equals(value, 0, mark.length, mark, 0, mark.length)) {
            for (String line : new String(value, StandardCharsets.US_ASCII).split("\n")) {
              System.out.println(line.substring(mark.length).split("[^0-9]")[0] + " " + now);
            }
          }
        }
        System.out.flush();
      }
    }
  }
}
