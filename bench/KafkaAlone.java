import dev.nixtape.projections.tape.Topic;
import dev.nixtape.streams.EmbeddedKafka;
import dev.nixtape.streams.Topics;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// The Kafka of `nixtape up` with an empty log, and nobody who reads it.
///
/// Arguments: `DIRECTORY PORT`. Says `ready`, and ends with its process.
final class KafkaAlone {
  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[1]);
    EmbeddedKafka.start(Path.of(arguments[0]), port);
    try (Topics topics = new Topics("127.0.0.1:" + port, Map.of())) {
      topics.ensure(List.of(Topic.LOG), 1, (short) 1);
    }
    System.out.println("ready");
  }
}
