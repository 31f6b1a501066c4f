package dev.nixtape.cli.doctor;

import dev.nixtape.projections.tape.Topic;
import dev.nixtape.streams.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/// Can Kafka be reached, and is the log there?
sealed interface Broker {
  String ABOUT = "kafka";

  record Reached(String servers, Topics.Size log) implements Broker {}

  record WithoutLog(String servers) implements Broker {}

  record Refused(String servers, String words) implements Broker {}

  record Unreachable(String servers, String words) implements Broker {}

  /// No client can be made of these settings.
  record Unusable(String servers, String words) implements Broker {}

  static Broker ask(String servers, Map<String, String> kafka, Duration patience) {
    Map<String, String> settings = new HashMap<>(kafka);
    settings.put("default.api.timeout.ms", Long.toString(patience.toMillis()));
    settings.put("request.timeout.ms", Long.toString(patience.toMillis()));
    try (Topics topics = new Topics(servers, settings)) {
      return new Reached(servers, topics.sizes(List.of(Topic.LOG.name())).getFirst());
    } catch (IOException e) {
      String words = words(e.getCause() == null ? e : e.getCause());
      return switch (e.getCause()) {
        case UnknownTopicOrPartitionException _ -> new WithoutLog(servers);
        case AuthenticationException _ -> new Refused(servers, words);
        case AuthorizationException _ -> new Refused(servers, words);
        // Kafka's words name the call that it gave up, which says nothing to who reads them.
        case TimeoutException _ -> new Unreachable(servers, "nothing within " + new Age(patience));
        case null, default -> new Unreachable(servers, words);
      };
    } catch (KafkaException e) {
      return new Unusable(servers, words(e.getCause() == null ? e : e.getCause()));
    }
  }

  private static String words(Throwable e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /// @param shimIsWell whether the shim publishes there all the same
  default Finding finding(boolean shimIsWell) {
    String but = shimIsWell ? "; the shim publishes there all the same" : "";
    return switch (this) {
      case Reached(String servers, Topics.Size log) ->
          Finding.ok(
              ABOUT,
              "%s has %s: %,d records in %d partition%s"
                  .formatted(
                      servers,
                      log.topic(),
                      log.records(),
                      log.partitions(),
                      log.partitions() == 1 ? "" : "s"));
      case WithoutLog(String servers) ->
          Finding.wrong(
              ABOUT,
              "%s has no topic %s".formatted(servers, Topic.LOG.name()),
              "start nixtape streams against it: that makes the topic; or name the right Kafka with --bootstrap-servers");
      case Refused(String servers, String words) ->
          Finding.of(
              !shimIsWell,
              ABOUT,
              "%s refuses: %s%s".formatted(servers, words, but),
              "give the credentials that it knows, and what they may do, in a file: --kafka-config client.properties");
      case Unreachable(String servers, String words) ->
          Finding.of(
              !shimIsWell,
              ABOUT,
              "%s does not answer: %s%s".formatted(servers, words, but),
              "see whether it runs, and whether its advertised addresses are reached from here; name another with --bootstrap-servers; for TLS or SASL give --kafka-config");
      case Unusable(String servers, String words) ->
          Finding.wrong(
              ABOUT,
              "no client can be made for %s: %s".formatted(servers, words),
              "correct --bootstrap-servers (HOST:PORT,…) or the file of --kafka-config");
    };
  }
}
