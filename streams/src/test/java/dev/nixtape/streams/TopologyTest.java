package dev.nixtape.streams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.Amendment;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.NameHistory;
import dev.nixtape.projections.control.HostSample;
import dev.nixtape.projections.derivations.KnownDerivation;
import dev.nixtape.projections.derivations.Node;
import dev.nixtape.projections.derivations.Shelf;
import dev.nixtape.projections.history.History;
import dev.nixtape.projections.hosts.HostState;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Observation;
import dev.nixtape.projections.tape.Report;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Topic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopologyTest {
  @TempDir Path state;
  private final LiveView live = new LiveView();
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> log;
  private TestOutputTopic<String, byte[]> builds;

  @BeforeEach
  void start() {
    Properties p = new Properties();
    p.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
    p.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    p.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, SmallStores.class);
    driver =
        new TopologyTestDriver(
            StreamsNode.topology(
                live, new FoldMeters(new SimpleMeterRegistry()), Duration.ofDays(36_500)),
            p);
    log =
        driver.createInputTopic(
            Topic.LOG.name(), new ByteArraySerializer(), new ByteArraySerializer());
    builds =
        driver.createOutputTopic(
            Topic.BUILDS.name(), new StringDeserializer(), new ByteArrayDeserializer());
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  private void publish(List<LogEntry> entries) {
    for (LogEntry entry : entries) {
      ProducerRecord<byte[], byte[]> record = Shim.record(entry, 0);
      log.pipeInput(
          new TestRecord<>(record.key(), record.value(), record.headers(), record.timestamp()));
    }
  }

  @Test
  void aRecordedFailureBecomesOneFactUnderItsName() {
    publish(Shim.session("h", 1, Shim.recording("failure.client"), 300));

    List<TestRecord<String, byte[]>> facts =
        builds.readRecordsToList().stream()
            .filter(r -> Json.read(r.value(), Build.class).kind() == Build.Kind.BUILD)
            .toList();
    assertEquals(1, facts.size());
    assertEquals("bad-2.0", facts.getFirst().key());
    assertEquals(Outcome.FAILED, Json.read(facts.getFirst().value(), Build.class).outcome());
  }

  @Test
  void aFactIsRememberedByNameByIdAndByDay() {
    publish(Shim.session("h", 1, Shim.recording("keep-going.client"), 4096));

    KeyValueStore<String, byte[]> history = driver.getKeyValueStore(HistoryTopology.STORE);
    NameHistory known =
        Json.read(
            Objects.requireNonNull(history.get(History.NAMES + "bad-2.0")), NameHistory.class);
    assertEquals(1, known.count());
    assertEquals(1, known.failed());
    String fact =
        new String(
            Objects.requireNonNull(history.get(History.ID + known.lastId())),
            StandardCharsets.UTF_8);
    assertEquals(
        "bad-2.0", Json.read(Objects.requireNonNull(history.get(fact)), Build.class).name());
    assertEquals(true, history.get("sum/d/2026-01-31/build") != null, "no totals of the day");
  }

  @Test
  void aRecordThatNoShimWroteIsPassedOver() {
    log.pipeInput(new byte[] {1, 2, 3}, new byte[] {4});
    publish(Shim.session("h", 1, Shim.recording("success.client"), 100_000));

    assertEquals(
        1,
        builds.readValuesToList().stream()
            .map(value -> Json.read(value, Build.class))
            .filter(build -> build.kind() == Build.Kind.BUILD)
            .count());
  }

  /// Neither what is no fact at all, nor one that another version of the fold derived.
  @Test
  void whatIsNoFactOfThisVersionIsNotRemembered() {
    publish(Shim.session("h", 1, Shim.recording("success.client"), 100_000));
    TestRecord<String, byte[]> fact = builds.readRecordsToList().getFirst();
    TestInputTopic<String, byte[]> facts =
        driver.createInputTopic(
            Topic.BUILDS.name(), new StringSerializer(), new ByteArraySerializer());
    String other = new String(fact.value(), StandardCharsets.UTF_8);
    byte[] renamed =
        other
            .replaceFirst("\"id\":\"[^\"]*\"", "\"id\":\"another\"")
            .getBytes(StandardCharsets.UTF_8);
    facts.pipeInput(new TestRecord<>("x", new byte[] {'{'}, fact.headers(), 1L));
    facts.pipeInput(new TestRecord<>("x", null, fact.headers(), 1L));
    facts.pipeInput(new TestRecord<>("x", renamed, new RecordHeaders(), 1L));

    KeyValueStore<String, byte[]> history = driver.getKeyValueStore(HistoryTopology.STORE);
    assertNull(history.get(History.ID + "another"));
    facts.pipeInput(new TestRecord<>("x", renamed, fact.headers(), 1L));
    assertNotNull(history.get(History.ID + "another"));
  }

  @Test
  void derivationsOfTheLogAreKeptByTheirPath() {
    String text =
        "Derive([(\"out\",\"/nix/store/o\",\"\",\"\")],[(\"/nix/store/b.drv\",[\"out\"])],[],\"sys\",\"/bin/sh\",[\"-c\"],[(\"pname\",\"a\"),(\"x\",\"1\")])";
    SessionId session = new SessionId("h", "1");
    publish(
        List.of(
            observed(
                session, new Observation.DerivationRead(1, "/nix/store/a.drv", text, List.of())),
            observed(
                session,
                new Observation.DerivationKnown(
                    1, "/nix/store/b.drv", text.replace("/nix/store/b.drv", "/nix/store/c.drv"))),
            observed(session, new Observation.DerivationKnown(1, "/nix/store/d.drv", ""))));
    TestOutputTopic<String, byte[]> derivations =
        driver.createOutputTopic(
            Topic.DERIVATIONS.name(), new StringDeserializer(), new ByteArrayDeserializer());

    assertEquals(
        List.of("/nix/store/a.drv", "/nix/store/b.drv"),
        derivations.readRecordsToList().stream().map(TestRecord::key).toList());
    KeyValueStore<String, byte[]> shelf = driver.getKeyValueStore(DerivationsTopology.STORE);
    KnownDerivation whole =
        Json.read(
            Objects.requireNonNull(shelf.get(Shelf.DRV + "/nix/store/a.drv")),
            KnownDerivation.class);
    assertEquals(KnownDerivation.of("/nix/store/a.drv", text), whole);
    Node node =
        Json.read(Objects.requireNonNull(shelf.get(Shelf.NODE + "/nix/store/b.drv")), Node.class);
    assertEquals(List.of("/nix/store/c.drv"), node.inputs());
    assertNull(shelf.get(Shelf.NODE + "/nix/store/d.drv"));
  }

  private static LogEntry observed(SessionId session, Observation observation) {
    return new LogEntry.Observed(session, Instant.EPOCH, 0, observation);
  }

  @Test
  void whatIsNoDerivationIsNotShelved() {
    TestInputTopic<String, byte[]> derivations =
        driver.createInputTopic(
            Topic.DERIVATIONS.name(), new StringSerializer(), new ByteArraySerializer());

    derivations.pipeInput("/nix/store/a.drv", new byte[] {'{'});
    derivations.pipeInput("/nix/store/a.drv", null);

    KeyValueStore<String, byte[]> shelf = driver.getKeyValueStore(DerivationsTopology.STORE);
    assertNull(shelf.get(Shelf.DRV + "/nix/store/a.drv"));
  }

  @Test
  void whatABuildUsedFollowsItsFactAndIsPutIntoIt() {
    List<LogEntry> session = Shim.builds("h", 1, List.of("linux-6.1"));
    publish(session);
    LogEntry end = session.getLast();
    publish(
        List.of(
            new LogEntry.Reported(
                new SessionId("h", "agent"),
                end.at().plusMillis(900),
                new Report.Used(Shim.drvPath(1, "linux-6.1"), 700, 50, 1 << 20, null, null))));

    List<TestRecord<String, byte[]>> told = builds.readRecordsToList();
    assertEquals(List.of("linux-6.1", "linux-6.1"), told.stream().map(r -> r.key()).toList());
    assertNull(told.getFirst().headers().lastHeader("amending"));
    assertNotNull(told.getLast().headers().lastHeader("amending"));
    Build fact = BuildJson.read(told.getFirst().value());
    assertNull(fact.used());
    Build.Used used = new Build.Used(700, 50, 1 << 20, null);
    assertEquals(
        new Amendment(fact.id(), fact.name(), Objects.requireNonNull(fact.finishedAt()), used),
        Json.read(told.getLast().value(), Amendment.class));

    TestInputTopic<String, byte[]> facts =
        driver.createInputTopic(
            Topic.BUILDS.name(), new StringSerializer(), new ByteArraySerializer());
    facts.pipeInput(new TestRecord<>("x", new byte[] {'{', '}'}, told.getLast().headers(), 1L));
    KeyValueStore<String, byte[]> history = driver.getKeyValueStore(HistoryTopology.STORE);
    byte[] key = Objects.requireNonNull(history.get(History.ID + fact.id()));
    assertEquals(
        fact.withUsed(used),
        BuildJson.read(
            Objects.requireNonNull(history.get(new String(key, StandardCharsets.UTF_8)))));
  }

  @Test
  void whatIsAmendedOnItsWayToAHistoryIsShownAmended() {
    publish(Shim.builds("h", 1, List.of("linux-6.1")));
    Build fact = BuildJson.read(builds.readValue());
    Build.Used used = new Build.Used(1, 2, 3, null);

    live.finished(fact);
    live.amended(
        new Amendment(fact.id(), fact.name(), Objects.requireNonNull(fact.finishedAt()), used));

    assertEquals(List.of(fact.withUsed(used)), List.copyOf(live.of(EnumSet.of(Build.Kind.BUILD))));
  }

  /// Neither what is no sample nor what piled up while nobody read is kept.
  @Test
  void ofAHostTheLastSampleIsKeptAndWhatItsBuildsUsedSinceTheOneBefore() {
    TestInputTopic<String, byte[]> samples =
        driver.createInputTopic(
            Topic.HOSTS.name(), new StringSerializer(), new ByteArraySerializer());
    Instant now = Instant.now();
    samples.pipeInput("h", Json.write(sample(now, 100)), now.toEpochMilli());
    samples.pipeInput("h", new byte[] {'{'}, now.toEpochMilli());
    samples.pipeInput("h", null, now.toEpochMilli());
    HostSample last = sample(now.plusMillis(1000), 600);
    samples.pipeInput("h", Json.write(last), now.toEpochMilli());
    samples.pipeInput(
        "h", Json.write(sample(now.minusSeconds(300), 1)), now.minusSeconds(300).toEpochMilli());

    KeyValueStore<String, byte[]> hosts = driver.getKeyValueStore(HostsTopology.STORE);
    HostState kept = Json.read(Objects.requireNonNull(hosts.get("h")), HostState.class);
    assertEquals(last, kept.sample());
    assertEquals(Map.of("/nix/store/x.drv", 50L), kept.cpuPercent());
    assertTrue(kept.isFresh(now));
  }

  private static HostSample sample(Instant at, long cpuMs) {
    Instant ofMillis = Instant.ofEpochMilli(at.toEpochMilli());
    return new HostSample(
        "h",
        "boot",
        ofMillis,
        List.of(1.0, 1.0, 1.0),
        4,
        1,
        1,
        null,
        1,
        1,
        List.of(
            new HostSample.BuildUse(
                "/nix/store/x.drv", Instant.EPOCH, false, cpuMs, 0, 1, 1, null, null, 1, null)),
        List.of());
  }

  @Test
  void whatEndsWhileItIsReadIsShownOnce() {
    var running = EnumSet.noneOf(Build.Kind.class);
    for (LogEntry entry : Shim.session("h", 1, Shim.recording("success.client"), 300)) {
      if (live.of(running).stream().noneMatch(build -> build.kind() == Build.Kind.BUILD)) {
        publish(List.of(entry));
      }
    }
    Build begun =
        live.of(running).stream()
            .filter(build -> build.kind() == Build.Kind.BUILD)
            .findFirst()
            .orElseThrow();
    String json = new String(BuildJson.write(begun), StandardCharsets.UTF_8);
    Build ended =
        BuildJson.read(
            json.replace("\"finishedAt\":null", "\"finishedAt\":\"2026-01-31T15:00:00.000Z\"")
                .getBytes(StandardCharsets.UTF_8));

    live.finished(ended);

    assertEquals(
        List.of(ended),
        live.of(EnumSet.of(Build.Kind.BUILD)).stream()
            .filter(build -> build.id().equals(begun.id()))
            .toList());
    live.arrived(ended);
    assertTrue(live.of(EnumSet.allOf(Build.Kind.class)).contains(begun));
  }
}
