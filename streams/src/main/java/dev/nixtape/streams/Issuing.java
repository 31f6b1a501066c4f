package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.CommandRequest.Issued;
import dev.nixtape.projections.control.ControlRecord;
import dev.nixtape.projections.control.Plan;
import dev.nixtape.projections.control.SigningKey;
import dev.nixtape.projections.tape.Topic;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Puts commands on record: those that their issuers signed, and with the server's own key those of
/// whom the server knows.
final class Issuing implements AutoCloseable {
  /// Clocks of a farm differ by less.
  private static final Duration SKEW = Duration.ofMinutes(1);

  private final SigningKey key;
  private final KafkaProducer<byte[], byte[]> producer;
  private final SecureRandom random = new SecureRandom();

  Issuing(StreamsSettings settings) {
    key = settings.access().key();
    Map<String, Object> client = new HashMap<>();
    client.put("metric.reporters", "");
    client.put("enable.metrics.push", false);
    client.put("max.block.ms", 5_000);
    client.put("request.timeout.ms", 5_000);
    client.put("delivery.timeout.ms", 10_000);
    client.put("linger.ms", 0);
    client.putAll(settings.kafka());
    client.put("acks", "all");
    client.put("bootstrap.servers", settings.bootstrapServers());
    producer = new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /// Signs a command for each step of a plan.
  List<Issued> issue(
      Plan plan, Action action, String issuer, String reason, Duration patience, Instant now)
      throws IOException {
    List<Command> commands =
        plan.steps().stream()
            .map(step ->
                new Command(
                    Command.id(now, random.nextLong(), random.nextLong()),
                    step.host(),
                    step.target(),
                    action,
                    issuer,
                    now,
                    now.plus(patience),
                    reason))
            .toList();
    return publish(commands, commands.stream().map(key::sign).toList());
  }

  /// Passes commands on. Throws `IllegalArgumentException` for what no agent would obey anyway.
  List<Issued> relay(List<ControlRecord.Ordered> signed, Instant now) throws IOException {
    List<Command> commands = new ArrayList<>();
    for (ControlRecord.Ordered order : signed) {
      Command command = order.command();
      if (!SigningKey.signed(order)) {
        throw new IllegalArgumentException(
            "the command %s is not signed with the key that it names".formatted(command.id()));
      }
      if (!command.deadline().isAfter(now)
          || command.deadline().isAfter(now.plus(Command.LONGEST).plus(SKEW))) {
        throw new IllegalArgumentException(
            "the command %s may be obeyed until %s, and here it is %s: is the clock right?"
                .formatted(command.id(), command.deadline(), now));
      }
      commands.add(command);
    }
    return publish(commands, signed);
  }

  private List<Issued> publish(List<Command> commands, List<ControlRecord.Ordered> orders)
      throws IOException {
    try {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (int i = 0; i < orders.size(); i++) {
        sent.add(producer.send(record(commands.get(i).host(), orders.get(i))));
      }
      for (Future<RecordMetadata> each : sent) {
        each.get();
      }
    } catch (ExecutionException | KafkaException e) {
      throw new Questions.Refused(
          503,
          "Kafka did not confirm the command; whether it has it, 'nixtape audit' tells: "
              + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a command was put on record", e);
    }
    return commands.stream()
        .map(command -> new Issued(command.id(), command.host(), command.target()))
        .toList();
  }

  private static ProducerRecord<byte[], byte[]> record(String host, ControlRecord.Ordered order) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(Topic.CONTROL.name(), host.getBytes(UTF_8), order.json().toArray());
    record
        .headers()
        .add(ControlRecord.KIND, ControlRecord.COMMAND.getBytes(UTF_8))
        .add(ControlRecord.KEY, order.key().getBytes(UTF_8))
        .add(ControlRecord.SIGNATURE, order.signature().toArray());
    return record;
  }

  @Override
  public void close() {
    producer.close(Duration.ofSeconds(2));
  }
}
