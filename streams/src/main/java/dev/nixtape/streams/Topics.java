package dev.nixtape.streams;

import dev.nixtape.projections.tape.Topic;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/// The topics of a cluster: made where they are missing, measured, and, those that are derived,
/// deleted.
public final class Topics implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /// For what is asked often: who asks has no use for a late answer.
  private static final Duration SHORT = Duration.ofSeconds(2);

  private final Admin admin;
  private final String bootstrapServers;

  public Topics(String bootstrapServers, Map<String, String> kafka) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("metric.reporters", "");
    settings.put("enable.metrics.push", false);
    settings.put("default.api.timeout.ms", (int) PATIENCE.toMillis());
    settings.put("request.timeout.ms", (int) PATIENCE.toMillis() / 2);
    settings.putAll(kafka);
    settings.put("bootstrap.servers", bootstrapServers);
    this.admin = Admin.create(settings);
    this.bootstrapServers = bootstrapServers;
  }

  /// Makes the topics that are not there yet.
  public void ensure(List<Topic> topics, int partitions, short replication) throws IOException {
    Set<String> there = get(admin.listTopics().names());
    List<NewTopic> missing = new ArrayList<>();
    for (Topic topic : topics) {
      if (!there.contains(topic.name())) {
        missing.add(
            new NewTopic(
                    topic.name(),
                    Optional.of(partitions),
                    replication < 0 ? Optional.empty() : Optional.of(replication))
                .configs(topic.settings()));
      }
    }
    for (KafkaFuture<Void> made : admin.createTopics(missing).values().values()) {
      unless(TopicExistsException.class, made);
    }
  }

  /// Deletes what was derived by an application: its topics, the facts, its place in the log.
  public void forget(String application) throws IOException {
    List<String> derived =
        get(admin.listTopics().names()).stream()
            .filter(name ->
                name.startsWith(application + "-")
                    || Topic.DERIVED.stream().anyMatch(topic -> name.equals(topic.name())))
            .toList();
    for (KafkaFuture<Void> deleted : admin.deleteTopics(derived).topicNameValues().values()) {
      unless(UnknownTopicOrPartitionException.class, deleted);
    }
    // A static member holds its group for as long as its session lasts, even after its process is
    // gone.
    try {
      var members =
          get(admin.describeConsumerGroups(List.of(application)).all()).values().stream()
              .flatMap(group -> group.members().stream())
              .flatMap(member -> member.groupInstanceId().stream())
              .map(org.apache.kafka.clients.admin.MemberToRemove::new)
              .collect(Collectors.toSet());
      if (!members.isEmpty()) {
        get(
            admin
                .removeMembersFromConsumerGroup(
                    application,
                    new org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions(
                        members))
                .all());
      }
    } catch (IOException e) {
      if (!(e.getCause() instanceof GroupIdNotFoundException)) {
        throw e;
      }
      return;
    }
    unless(GroupIdNotFoundException.class, admin.deleteConsumerGroups(List.of(application)).all());
  }

  /// A topic's size.
  ///
  /// @param records between the first and the last offset; compaction and transaction markers make
  ///   it an upper bound
  public record Size(String topic, int partitions, long records) {}

  public List<Size> sizes(Collection<String> names) throws IOException {
    List<TopicPartition> partitions =
        get(admin.describeTopics(names).allTopicNames()).values().stream()
            .flatMap(topic ->
                topic.partitions().stream()
                    .map(p -> new TopicPartition(topic.name(), p.partition())))
            .toList();
    var first =
        get(
            admin
                .listOffsets(
                    partitions.stream()
                        .collect(Collectors.toMap(p -> p, p -> OffsetSpec.earliest())))
                .all());
    var last =
        get(
            admin
                .listOffsets(
                    partitions.stream().collect(Collectors.toMap(p -> p, p -> OffsetSpec.latest())))
                .all());
    return names.stream()
        .map(name -> {
          var its = partitions.stream().filter(p -> p.topic().equals(name)).toList();
          long records =
              its.stream()
                  .mapToLong(p ->
                      java.util.Objects.requireNonNull(last.get(p)).offset()
                          - java.util.Objects.requireNonNull(first.get(p)).offset())
                  .sum();
          return new Size(name, its.size(), records);
        })
        .toList();
  }

  /// Offsets of some partitions of a topic, by partition.
  public Map<Integer, Long> offsets(Topic topic, Collection<Integer> partitions, OffsetSpec which)
      throws IOException {
    Map<TopicPartition, OffsetSpec> asked =
        partitions.stream()
            .collect(Collectors.toMap(p -> new TopicPartition(topic.name(), p), _ -> which));
    return get(
            admin
                .listOffsets(asked, new ListOffsetsOptions().timeoutMs((int) SHORT.toMillis()))
                .all())
        .entrySet()
        .stream()
        .collect(Collectors.toMap(its -> its.getKey().partition(), its -> its.getValue().offset()));
  }

  public Set<Integer> partitions(Topic topic) throws IOException {
    return get(admin.describeTopics(List.of(topic.name())).allTopicNames()).values().stream()
        .flatMap(described -> described.partitions().stream())
        .map(TopicPartitionInfo::partition)
        .collect(Collectors.toSet());
  }

  /// Deletes the records before an offset, in each of some partitions.
  void deleteBefore(Topic topic, Map<Integer, Long> upTo) throws IOException {
    Map<TopicPartition, RecordsToDelete> records =
        upTo.entrySet().stream()
            .collect(
                Collectors.toMap(
                    its -> new TopicPartition(topic.name(), its.getKey()),
                    its -> RecordsToDelete.beforeOffset(its.getValue())));
    get(admin.deleteRecords(records).all());
  }

  /// The offsets that a group's next records have, of the partitions of which it committed any.
  public Map<Integer, Long> committed(String group, Topic topic) throws IOException {
    Map<Integer, Long> committed = new HashMap<>();
    get(admin
            .listConsumerGroupOffsets(
                group,
                new ListConsumerGroupOffsetsOptions()
                    .requireStable(true)
                    .timeoutMs((int) SHORT.toMillis()))
            .partitionsToOffsetAndMetadata())
        .forEach((partition, at) -> {
          if (at != null && partition.topic().equals(topic.name())) {
            committed.put(partition.partition(), at.offset());
          }
        });
    return committed;
  }

  private <T> T get(KafkaFuture<T> answer) throws IOException {
    try {
      return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(
          "Kafka at %s: %s".formatted(bootstrapServers, cause.getMessage()), cause);
    } catch (TimeoutException e) {
      throw new IOException(
          "Kafka at %s did not answer within %d s: is it running there?"
              .formatted(bootstrapServers, PATIENCE.toSeconds()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(
          "interrupted while Kafka at %s was asked".formatted(bootstrapServers), e);
    }
  }

  private void unless(Class<? extends Exception> expected, KafkaFuture<Void> answer)
      throws IOException {
    try {
      get(answer);
    } catch (IOException e) {
      if (!expected.isInstance(e.getCause())) {
        throw e;
      }
    }
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(1));
  }
}
