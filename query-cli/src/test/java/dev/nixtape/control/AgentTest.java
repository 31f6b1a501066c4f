package dev.nixtape.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.control.Builder.Evidence;
import dev.nixtape.control.Builder.Pid;
import dev.nixtape.control.Builder.Requester;
import dev.nixtape.control.Policy.Rule;
import dev.nixtape.control.Policy.Whose;
import dev.nixtape.ingest.Host;
import dev.nixtape.ingest.PipeSource;
import dev.nixtape.ingest.Recorder;
import dev.nixtape.ingest.RecorderSettings;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.ControlRecord;
import dev.nixtape.projections.control.ControlRecord.Ordered;
import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.control.HostSample.BuildUse;
import dev.nixtape.projections.control.Result;
import dev.nixtape.projections.control.Result.Done;
import dev.nixtape.projections.control.Result.Ending;
import dev.nixtape.projections.control.Result.Expired;
import dev.nixtape.projections.control.Result.Refused;
import dev.nixtape.projections.control.Result.Shown;
import dev.nixtape.projections.control.Result.Why;
import dev.nixtape.projections.control.SigningKey;
import dev.nixtape.projections.tape.EntryRecord;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Report;
import dev.nixtape.projections.tape.Topic;
import dev.nixtape.streams.EmbeddedKafka;
import dev.nixtape.streams.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/// What an agent does with what it reads from a real Kafka. What it would do to builds is noted
/// instead: the kernel's side of it has tests of its own.
class AgentTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final SigningKey ALICE = SigningKey.generate();
  private static final SigningKey STRANGER = SigningKey.generate();
  private static final String HELLO = "/nix/store/00000000000000000000000000000000-hello.drv";
  private static final String WORLD = "/nix/store/11111111111111111111111111111111-world.drv";

  private static final Policy POLICY =
      new Policy(
          Map.of(ALICE.publicKey(), Set.of("alice")),
          Map.of(),
          List.of(new Rule(Set.of("alice"), Set.of("*"), new Whose.Own())));

  @TempDir static Path folder;
  @TempDir Path spool;
  private static int port;
  private static EmbeddedKafka kafka;

  /// A host of each test's own, in the same three partitions.
  private String host = "";

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.now().truncatedTo(ChronoUnit.MILLIS));
  private final Instant began = now.get().minusSeconds(60);
  private final AtomicReference<HostSample> sample = new AtomicReference<>(sample(List.of()));
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final BlockingQueue<String> acts = new LinkedBlockingQueue<>();

  @BeforeAll
  static void startKafka() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    kafka = EmbeddedKafka.start(folder, port);
    try (Topics topics = new Topics(kafka.bootstrapServers(), Map.of())) {
      topics.ensure(Topic.ALL, 3, (short) 1);
    }
  }

  @AfterAll
  static void stopKafka() {
    kafka.close();
  }

  @BeforeEach
  void name(TestInfo test) {
    host = test.getTestMethod().orElseThrow().getName();
  }

  private Agent agent() {
    return agent(this::seen, this::done);
  }

  private Agent agent(Function<String, Seen> look, Function<ControlPlan.Act, Ending> carryOut) {
    return new Agent(
        new Agent.Settings(host, Path.of("/"), POLICY, kafka.bootstrapServers(), Map.of()),
        new Agent.Host() {
          @Override
          public Seen look(String drvPath) {
            return look.apply(drvPath);
          }

          @Override
          public Instant began(Builder builder) {
            return began;
          }

          @Override
          public Ending carryOut(ControlPlan.Act act) {
            return carryOut.apply(act);
          }

          @Override
          public HostSample sample() {
            return sample.get();
          }

          @Override
          public void close() {}
        },
        now::get,
        meters,
        System.err::println);
  }

  /// A build of alice's, in a cgroup of its own.
  private Seen seen(String drvPath) {
    return seen(drvPath, "alice");
  }

  private static Seen seen(String drvPath, String requester) {
    return new Seen(
        List.of(
            new Builder(
                drvPath,
                new Pid(4711, 1),
                Optional.of(new Builder.Cgroup(Path.of("/sys/fs/cgroup/x"), new Inode(1, 2))),
                30_001,
                true,
                Set.of(Evidence.CHROOT),
                Optional.of(new Requester(1000, requester)))),
        List.of(),
        List.of(),
        new Seen.Host("Linux", 0, Set.of(), Set.of(), Set.of(), Optional.empty()));
  }

  private HostSample sample(List<BuildUse> builds) {
    return new HostSample(
        host, "boot", now.get(), List.of(), 2, 1, 1, null, 1, 1, builds, List.of());
  }

  private Ending done(ControlPlan.Act act) {
    acts.add(act.builder().drvPath());
    return new Done(List.of("done to " + act.builder().drvPath()));
  }

  private Command command(String drvPath, Action action) {
    return command(host, drvPath, action);
  }

  private Command command(String host, String drvPath, Action action) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    Instant at = now.get();
    return new Command(
        Command.id(at, random.nextLong(), random.nextLong()),
        host,
        new Command.Target("0123456789abcdfg", drvPath),
        action,
        "alice",
        at,
        at.plus(Command.PATIENCE),
        "it eats the machine");
  }

  /// Returns its offset.
  private long order(Ordered order) throws Exception {
    return send(
        null,
        host,
        order.json(),
        Map.of(
            ControlRecord.KIND,
            ControlRecord.COMMAND.getBytes(UTF_8),
            ControlRecord.KEY,
            order.key().getBytes(UTF_8),
            ControlRecord.SIGNATURE,
            order.signature().toArray()));
  }

  private static long send(
      @Nullable Integer partition, String key, ByteSlice value, Map<String, byte[]> headers)
      throws Exception {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(Topic.CONTROL.name(), partition, key.getBytes(UTF_8), value.toArray());
    headers.forEach(record.headers()::add);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      return producer.send(record).get().offset();
    }
  }

  /// What became of the command at an offset.
  private Ending answer(long offset) {
    return results(results -> results.stream().anyMatch(result -> result.offset() == offset))
        .stream()
        .filter(result -> result.offset() == offset)
        .findFirst()
        .orElseThrow()
        .ending();
  }

  private Refused refusal(long offset) {
    return assertInstanceOf(Refused.class, answer(offset));
  }

  /// This host's results, as soon as they are those that are waited for.
  private List<Result> results(Predicate<List<Result>> complete) {
    List<Result> results = new ArrayList<>();
    read(
        Topic.CONTROL,
        record -> {
          if (new String(record.key(), UTF_8).equals(host)
              && record.headers().lastHeader(ControlRecord.KIND) != null
              && ControlRecord.read(record.value(), header(record))
                  instanceof ControlRecord.Answered(Result result)) {
            results.add(result);
          }
          return complete.test(results);
        });
    return results;
  }

  private static Function<String, byte @Nullable []> header(ConsumerRecord<byte[], byte[]> record) {
    return name -> {
      Header header = record.headers().lastHeader(name);
      return header == null ? null : header.value();
    };
  }

  /// Reads the host's partition from its begin, until somebody has enough.
  private void read(Topic topic, Predicate<ConsumerRecord<byte[], byte[]>> enough) {
    TopicPartition partition = new TopicPartition(topic.name(), Kafka.partition(host, 3));
    Instant until = Instant.now().plus(PATIENCE);
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      while (Instant.now().isBefore(until)) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          if (enough.test(record)) {
            return;
          }
        }
      }
    }
    throw new AssertionError("what was waited for did not come");
  }

  private static KafkaConsumer<byte[], byte[]> consumer() {
    return new KafkaConsumer<>(
        Map.of("bootstrap.servers", kafka.bootstrapServers()),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  /// The entries that this host's sessions have in the log by now.
  private List<LogEntry> log() {
    List<LogEntry> entries = new ArrayList<>();
    TopicPartition partition = new TopicPartition(Topic.LOG.name(), Kafka.partition(host, 3));
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
      while (consumer.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          if (new String(record.key(), UTF_8).startsWith(host + "/")) {
            entries.add(
                EntryRecord.read(record.key(), record.timestamp(), record.value(), header(record)));
          }
        }
      }
    }
    return entries;
  }

  @Test
  void whatIsAllowedIsDoneAndAnswered() throws Exception {
    try (Agent _ = agent()) {
      long offset = order(ALICE.sign(command(HELLO, new Action.Freeze())));

      assertEquals(new Done(List.of("done to " + HELLO)), answer(offset));
      assertEquals(List.of(HELLO), List.copyOf(acts));
    }
    assertEquals(1, meters.get("nixtape.control.commands").tag("result", "done").counter().count());
  }

  @Test
  void whatComesTwiceIsDoneOnce() throws Exception {
    Ordered freeze = ALICE.sign(command(HELLO, new Action.Freeze()));
    try (Agent _ = agent()) {
      long first = order(freeze);
      long second = order(freeze);

      assertInstanceOf(Done.class, answer(first));
      assertEquals(
          new Refused(
              Why.REPLAYED,
              "it came before, at offset %d: a command is obeyed once".formatted(first)),
          answer(second));
      assertEquals(List.of(HELLO), List.copyOf(acts));
    }
    try (Agent _ = agent()) {
      assertEquals(Why.REPLAYED, refusal(order(freeze)).why());
      assertEquals(List.of(HELLO), List.copyOf(acts));
    }
  }

  @Test
  void whatCameWhileNoAgentListenedIsDoneUnlessItIsTooLate() throws Exception {
    long late = order(ALICE.sign(command(HELLO, new Action.Freeze())));
    now.set(now.get().plus(Command.PATIENCE).plusSeconds(7));
    long timely = order(ALICE.sign(command(WORLD, new Action.Freeze())));

    try (Agent _ = agent()) {
      assertInstanceOf(Done.class, answer(timely));
      Expired expired = assertInstanceOf(Expired.class, answer(late));
      assertTrue(expired.lateMs() >= 7_000 && expired.lateMs() < 8_000, expired.toString());
    }
    assertEquals(List.of(WORLD), List.copyOf(acts));
  }

  @Test
  void whatAnAgentDidNotAnswerItDoesInItsNextLife() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    long answered;
    long unanswered;
    try (Agent _ =
        agent(
            this::seen,
            act -> {
              if (act.builder().drvPath().equals(WORLD)) {
                begun.countDown();
                // until it is stopped
                awaitLatch(new CountDownLatch(1));
              }
              return done(act);
            })) {
      answered = order(ALICE.sign(command(HELLO, new Action.Freeze())));
      assertInstanceOf(Done.class, answer(answered));
      unanswered = order(ALICE.sign(command(WORLD, new Action.Freeze())));
      assertTrue(begun.await(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    }

    try (Agent _ = agent()) {
      assertInstanceOf(Done.class, answer(unanswered));
    }

    assertEquals(List.of(HELLO, WORLD), List.copyOf(acts));
    assertEquals(2, results(all -> all.size() >= 2).size());
  }

  @Test
  void whatNobodyMayOrderIsRefusedAndOnRecord() throws Exception {
    Ordered kill = ALICE.sign(command(HELLO, new Action.Kill()));
    Ordered other = ALICE.sign(command(WORLD, new Action.Kill()));
    Ordered misaddressed = ALICE.sign(command("elsewhere", HELLO, new Action.Kill()));
    try (Agent _ = agent(drvPath -> seen(drvPath, "bob"), this::done)) {
      assertEquals(
          Why.UNSIGNED, refusal(order(new Ordered(kill.json(), "", ByteSlice.EMPTY))).why());
      assertEquals(
          Why.UNKNOWN_KEY, refusal(order(STRANGER.sign(command(HELLO, new Action.Kill())))).why());
      assertEquals(
          Why.ALTERED,
          refusal(order(new Ordered(other.json(), kill.key(), kill.signature()))).why());
      assertEquals(Why.MISADDRESSED, refusal(order(misaddressed)).why());
      assertEquals(
          Why.UNREADABLE, refusal(send(null, host, ByteSlice.of("kill it"), Map.of())).why());
      assertEquals(
          new Refused(
              Why.NOT_ALLOWED,
              "the policy of %s does not let alice kill this build: it is bob's".formatted(host)),
          answer(order(kill)));
    }
    assertEquals(List.of(), List.copyOf(acts));
    assertEquals(List.of(), log());
  }

  @Test
  void anotherHostsCommandsAreNotHeard() throws Exception {
    try (Agent _ = agent()) {
      long others =
          send(
              Kafka.partition(host, 3),
              host + "2",
              ALICE.sign(command(host + "2", HELLO, new Action.Kill())).json(),
              Map.of());
      long own = order(ALICE.sign(command(WORLD, new Action.Freeze())));

      assertInstanceOf(Done.class, answer(own));
      assertTrue(others < own);
    }
    assertEquals(List.of(WORLD), List.copyOf(acts));
  }

  @Test
  void theLogKnowsThatABuildIsKilledBeforeItIs() throws Exception {
    try (Recorder shim =
        Recorder.ofCommand(
            new RecorderSettings(
                spool, RecorderSettings.DEFAULT_LIMIT, false, kafka.bootstrapServers(), Map.of()),
            Host.named(host),
            _ -> {})) {
      new PipeSource(shim, OutputStream.nullOutputStream(), false)
          .record(new ByteArrayInputStream("a line\n".getBytes(UTF_8)));
      assertTrue(shim.awaitPublished(PATIENCE));
    }
    List<LogEntry> before = new ArrayList<>();
    Command kill = command(HELLO, new Action.Kill());
    try (Agent _ =
        agent(
            this::seen,
            act -> {
              before.addAll(log());
              return done(act);
            })) {
      assertInstanceOf(Done.class, answer(order(ALICE.sign(kill))));
    }

    // It is where the host's shim put what it recorded.
    assertInstanceOf(LogEntry.Opened.class, before.getFirst());
    assertEquals(
        new Report.Killing(HELLO, kill.id().toString(), "alice", "it eats the machine"),
        assertInstanceOf(LogEntry.Reported.class, before.getLast()).report());
  }

  @Test
  void whatRunsOutOfTimeWhileItsBuildIsLookedForIsNotDone() throws Exception {
    try (Agent _ =
        agent(
            drvPath -> {
              now.set(now.get().plus(Command.PATIENCE).plusSeconds(1));
              return seen(drvPath);
            },
            this::done)) {
      assertInstanceOf(
          Expired.class, answer(order(ALICE.sign(command(HELLO, new Action.Freeze())))));
    }
    assertEquals(List.of(), List.copyOf(acts));
  }

  @Test
  void buildsDoNotWaitForEachOtherAndOneBuildsCommandsKeepTheirOrder() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    try (Agent _ =
        agent(
            this::seen,
            act -> {
              Ending ending = done(act);
              if (act.builder().drvPath().equals(HELLO)) {
                awaitLatch(release);
              }
              return ending;
            })) {
      long first = order(ALICE.sign(command(HELLO, new Action.Freeze())));
      long second = order(ALICE.sign(command(HELLO, new Action.Thaw())));
      long other = order(ALICE.sign(command(WORLD, new Action.Freeze())));

      assertInstanceOf(Done.class, answer(other));
      assertEquals(Set.of(HELLO, WORLD), Set.copyOf(acts));
      assertEquals(2, acts.size());

      release.countDown();
      assertEquals(
          List.of(other, first, second),
          results(all -> all.size() == 3).stream().map(Result::offset).toList());
      assertEquals(HELLO, List.copyOf(acts).getLast());
    }
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      assertTrue(latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatIsTooMuchToShowIsRefused() throws Exception {
    try (Agent _ =
        agent(
            this::seen, _ -> new Shown(null, new TreeMap<>(Map.of("A", "a".repeat(1_000_000)))))) {
      Refused refused = refusal(order(ALICE.sign(command(HELLO, new Action.Environment()))));
      assertEquals(Why.NOT_POSSIBLE, refused.why());
    }
  }

  @Test
  void anotherBuildOfTheSameDerivationIsNotTheOneThatWasMeant() throws Exception {
    try (Agent _ = agent()) {
      now.set(began.minusSeconds(3));
      assertEquals(
          Why.NOT_RUNNING, refusal(order(ALICE.sign(command(HELLO, new Action.Kill())))).why());
    }
    assertEquals(List.of(), List.copyOf(acts));
    assertEquals(List.of(), log());
  }

  @Test
  void whatTheHostUsesIsToldAndWhatABuildUsedWhenItEnded() throws Exception {
    host = "h" + host;
    HostSample with =
        sample(List.of(new BuildUse(HELLO, now.get(), false, 10, 20, 30, 40, null, 60L, 1, null)));
    sample.set(with);
    try (Agent _ = agent()) {
      read(
          Topic.HOSTS,
          record ->
              new String(record.key(), UTF_8).equals(host)
                  && Json.read(record.value(), HostSample.class).equals(with));
      sample.set(sample(List.of()));
      read(Topic.LOG, record -> new String(record.key(), UTF_8).startsWith(host + "/"));
    }
    assertEquals(
        List.of(new Report.Used(HELLO, 10, 20, 40, null, 60L)),
        log().stream().map(entry -> ((LogEntry.Reported) entry).report()).toList());
  }

  /// Its broker goes away while a build is frozen, and before another one's end is in the log.
  @Test
  void withoutABrokerNothingIsKilledAndWhatWasDoneIsAnsweredLater() throws Exception {
    CountDownLatch looked = new CountDownLatch(2);
    CountDownLatch away = new CountDownLatch(1);
    try (Agent _ =
        agent(
            drvPath -> {
              looked.countDown();
              awaitLatch(away);
              return seen(drvPath);
            },
            this::done)) {
      long freeze = order(ALICE.sign(command(HELLO, new Action.Freeze())));
      long kill = order(ALICE.sign(command(WORLD, new Action.Kill())));
      awaitLatch(looked);
      kafka.close();
      away.countDown();
      assertEquals(HELLO, acts.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS));
      now.set(now.get().plus(Command.PATIENCE).plusSeconds(1));
      kafka = EmbeddedKafka.start(folder, port);

      assertInstanceOf(Done.class, answer(freeze));
      assertInstanceOf(Expired.class, answer(kill));
    }
    assertEquals(List.of(), List.copyOf(acts));
  }
}
