package dev.nixtape.streams;

import static dev.nixtape.streams.TestNode.PATIENCE;
import static dev.nixtape.streams.TestNode.awaitAnswer;
import static dev.nixtape.streams.TestNode.get;
import static dev.nixtape.streams.TestNode.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nixtape.projections.Behind;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.PackageName;
import dev.nixtape.projections.derivations.KnownDerivation;
import dev.nixtape.projections.fold.Memory;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.Topic;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The whole way on a real broker: log, topologies, stores, answers.
class StreamsNodeTest {
  private static final String BAD = "/nix/store/ai9hpidbpikg9cpwl0kdpy8qlq4waxch-bad-2.0.drv";
  private static final String PERIOD = "?since=2026-01-31T00:00:00Z&until=2026-02-01T00:00:00Z";

  private static final String TREND = "/v1/trend/bad" + PERIOD;
  private static final String REGRESSIONS = "/v1/regressions" + PERIOD;

  /// Two packages, as they are built after each other.
  private static final List<String> LINUX =
      IntStream.range(0, 4)
          .boxed()
          .flatMap(n -> Stream.of("linux-6." + n, "linux-6." + n + "-modules"))
          .toList();

  private static final int SESSIONS = 4;
  private static final int BUILDS = 6 + LINUX.size();

  @TempDir static Path directory;
  private static EmbeddedKafka kafka;
  private static StreamsNode node;

  /// Questions whose answers are put together from what all instances hold.
  private static final List<String> OF_ALL_PARTS =
      List.of(
          "/v1/stats",
          "/v1/flaky",
          "/v1/failures",
          "/v1/cost?by=user",
          "/v1/cost?by=host",
          "/v1/cost?by=pname",
          "/v1/cost?by=day",
          "/v1/cache",
          "/v1/waits");

  @BeforeAll
  static void start() throws Exception {
    kafka = EmbeddedKafka.start(directory.resolve("kafka"), EmbeddedKafka.freePort());
    node = start("one", false);
    publish("h1", 1, "failure.client");
    publish("h1", 2, "success.worker");
    publish("h2", 3, "keep-going.client");
    publish("h2", Shim.builds("h2", 4, LINUX));
    awaitAnswer(node, "/v1/topics", topics -> topics.at("/log/sessions").asLong() == SESSIONS);
    awaitAnswer(node, "/v1/stats", stats -> count(stats, "build") == BUILDS);
  }

  @AfterAll
  static void stop() {
    node.close();
    kafka.close();
  }

  private static StreamsNode start(String name, boolean rebuild) throws Exception {
    return TestNode.start(kafka, directory, name, rebuild);
  }

  private static void publish(String host, int number, String recording) {
    publish(host, Shim.session(host, number, Shim.recording(recording), 700));
  }

  private static void publish(String host, List<LogEntry> session) {
    Shim.publish(kafka, session, host.equals("h1") ? 0 : 1);
  }

  /// What `bad-2.0` needs: more than is asked for at once.
  private static void publishDerivations() {
    List<String> inputs =
        IntStream.range(0, 250)
            .mapToObj(n -> "/nix/store/%032d-needed+1.0.drv".formatted(n))
            .toList();
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new StringSerializer(),
            new ByteArraySerializer())) {
      for (String drvPath : inputs) {
        publish(producer, drvPath, "");
      }
      publish(
          producer,
          BAD,
          inputs.stream().map("(\"%s\",[\"out\"])"::formatted).collect(Collectors.joining(",")));
    }
  }

  private static void publish(
      KafkaProducer<String, byte[]> producer, String drvPath, String inputs) {
    String text =
        "Derive([(\"out\",\"/o\",\"\",\"\")],[%s],[],\"s\",\"/bin/sh\",[],[])".formatted(inputs);
    var _ =
        producer.send(
            new ProducerRecord<>(
                Topic.DERIVATIONS.name(), drvPath, Json.write(KnownDerivation.of(drvPath, text))));
  }

  @Test
  void questionsAboutWhatBuildsNeedAreAnsweredWhereNobodyReadIt() throws IOException {
    JsonNode bad = get(node, "/v1/builds?show=all&kind=build&name=bad-2.0&host=h1").get(0);
    String session = bad.get("session").asText();

    assertEquals("bad-2.0", get(node, "/v1/tree/" + session).at("/rows/0/name").asText());
    assertEquals("bad-2.0", get(node, "/v1/critical-path/" + session).at("/links/0/name").asText());
    JsonNode why = get(node, "/v1/why/" + bad.get("id").asText());
    assertTrue(why.get("sessions").findValuesAsText("id").contains(session));
    assertEquals("none", why.get("comparison").asText());
    for (String question : List.of("tree", "critical-path", "why")) {
      for (String nothing : List.of("zzzzzzzz", "h1/zzzzzzzz")) {
        assertEquals(404, open(node, "/v1/" + question + "/" + nothing).getResponseCode());
      }
    }
    assertEquals(404, open(node, "/v1/tree/nothing.drv").getResponseCode());
  }

  private static long count(JsonNode stats, String kind) {
    return StreamSupport.stream(stats.get("kinds").spliterator(), false)
        .filter(totals -> totals.get("kind").asText().equals(kind))
        .mapToLong(totals -> totals.get("count").asLong())
        .sum();
  }

  private static Set<String> ids(JsonNode builds) {
    return StreamSupport.stream(builds.spliterator(), false)
        .map(build -> build.get("id").asText())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void everyActivityIsAnsweredOnce() throws IOException {
    JsonNode builds = get(node, "/v1/builds?show=all&kind=build");

    assertEquals(BUILDS, builds.size());
    assertEquals(BUILDS, ids(builds).size());
  }

  @Test
  void aBuildIsFoundByTheBeginningOfItsId() throws IOException {
    String id = ids(get(node, "/v1/builds?show=failed")).iterator().next();

    Build build =
        Json.MAPPER.treeToValue(get(node, "/v1/builds/" + id.substring(0, 8)), Build.class);
    assertEquals(id, build.id());
    assertEquals(Build.Outcome.FAILED, build.outcome());
  }

  @Test
  void aBuildsOwnLogIsReadBackFromTheTape() throws IOException {
    String id =
        get(node, "/v1/builds?show=all&kind=build&name=bad-2.0&host=h1").get(0).get("id").asText();

    try (InputStream log = open(node, "/v1/builds/" + id + "/log").getInputStream()) {
      assertEquals("failing\n", new String(log.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  @Test
  void questionsThatMakeNoSenseAreRefusedWithAReason() throws IOException {
    for (Map.Entry<String, Integer> question :
        Map.of(
                "/v1/builds?show=some", 400,
                "/v1/builds?since=yesterday", 400,
                "/v1/builds?colour=red", 400,
                "/v1/builds/zzzzzzzz", 404,
                "/v1/nothing", 404,
                "/v1/stats?bucket=year", 400,
                "/v1/stats?drv=a(&regex=true", 400,
                "/v1/stats?drv=thunderbird", 404,
                "/v1/cost?by=moon", 400,
                "/v1/waits?limit=1", 400)
            .entrySet()) {
      HttpURLConnection answer = open(node, question.getKey());
      assertEquals(question.getValue(), answer.getResponseCode(), question.getKey());
      try (InputStream words = answer.getErrorStream()) {
        assertFalse(Json.MAPPER.readTree(words).get("error").asText().isEmpty());
      }
    }
  }

  @Test
  void anUnknownNameIsAnsweredWithThoseThatAreNear() throws IOException {
    HttpURLConnection answer = open(node, "/v1/stats?drv=bda");
    assertEquals(404, answer.getResponseCode());
    try (InputStream words = answer.getErrorStream()) {
      assertEquals(
          "no derivation 'bda' was recorded; near: bad",
          Json.MAPPER.readTree(words).get("error").asText());
    }
  }

  @Test
  void statsAreOfPeriodsPackagesAndNames() throws IOException {
    JsonNode days = get(node, "/v1/stats?bucket=day&kind=build").get("rows");
    assertEquals(1, days.size());
    assertEquals("2026-01-31T00:00:00.000Z", days.get(0).get("from").asText());
    assertEquals(BUILDS, days.get(0).at("/totals/count").asLong());
    assertEquals(
        0, get(node, "/v1/stats?until=2026-01-31T14:00:00Z&kind=build").get("kinds").size());
    JsonNode bad = get(node, "/v1/stats?drv=bad&group=true&kind=build").get("rows");
    assertEquals(1, bad.size());
    assertEquals("bad", bad.get(0).get("name").asText());
    assertEquals(2, bad.get(0).at("/totals/failed").asLong());
    assertEquals(
        0, get(node, "/v1/stats?drv=linux-modules&until=2020-01-01T00:00:00Z").get("kinds").size());
  }

  @Test
  void theDocumentDescribesTheAnswers() throws IOException {
    JsonNode document = get(node, "/openapi.json");
    for (var path : document.get("paths").properties()) {
      if (!path.getKey().contains("{")) {
        assertEquals(200, open(node, path.getKey()).getResponseCode(), path.getKey());
      }
    }
    JsonNode build = get(node, "/v1/builds?show=all").get(0);
    assertEquals(
        keys(build), keys(document.at("/components/schemas/Build/properties")), "keys of a build");
    JsonNode session = get(node, "/v1/sessions").get(0);
    assertEquals(
        keys(session),
        keys(document.at("/components/schemas/Session/properties")),
        "keys of a session");
  }

  @Test
  void aPackageIsToldOverTimeByItsNameWithOrWithoutVersion() throws IOException {
    for (String name : List.of("bad", "bad-2.0")) {
      JsonNode trend = get(node, "/v1/trend/" + name + PERIOD);
      assertEquals(
          ids(get(node, "/v1/builds?show=all&kind=build&name=bad-2.0")).size(),
          trend.get("points").size());
      assertEquals("2.0", trend.at("/points/0/version").asText());
      assertEquals("failed", trend.at("/points/0/outcome").asText());
      assertTrue(trend.get("lastAt").isNull());
    }
  }

  @Test
  void allVersionsOfAPackageAreInOnePartition() {
    Map<String, Set<Integer>> partitions = new TreeMap<>();
    List<TopicPartition> all =
        IntStream.range(0, 2).mapToObj(n -> new TopicPartition(Topic.BUILDS.name(), n)).toList();
    try (KafkaConsumer<String, byte[]> facts =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      facts.assign(all);
      facts.seekToBeginning(all);
      Map<TopicPartition, Long> ends = facts.endOffsets(all);
      while (!all.stream().allMatch(one -> facts.position(one) >= ends.getOrDefault(one, 0L))) {
        facts
            .poll(PATIENCE)
            .forEach(fact ->
                partitions
                    .computeIfAbsent(PackageName.of(fact.key()), _ -> new TreeSet<>())
                    .add(fact.partition()));
      }
    }

    assertTrue(partitions.keySet().containsAll(Set.of("linux", "linux-modules")));
    assertEquals(
        Set.of(1),
        partitions.values().stream().map(Set::size).collect(Collectors.toSet()),
        partitions.toString());
  }

  @Test
  void aBuildIsExplainedByTheOneBeforeOfItsPackage() throws IOException {
    JsonNode last = get(node, "/v1/builds?show=all&name=linux-6.3-modules").get(0);

    JsonNode why = get(node, "/v1/why/" + last.get("id").asText());

    assertEquals("linux-6.2-modules", why.at("/previous/name").asText());
  }

  @Test
  void aPackageThatWasNotBuiltLatelySaysWhenItWas() throws IOException {
    JsonNode trend =
        get(node, "/v1/trend/bad?since=2020-01-01T00:00:00Z&until=2021-01-01T00:00:00Z");

    assertEquals(0, trend.get("points").size());
    assertTrue(trend.get("lastAt").asText().startsWith("2026-01-31T"), trend.toString());
  }

  @Test
  void aPackageThatNobodyBuiltIsNotFoundButWhatIsNearIsNamed() throws IOException {
    HttpURLConnection answer = open(node, "/v1/trend/badd");

    assertEquals(404, answer.getResponseCode());
    try (InputStream words = answer.getErrorStream()) {
      String error = Json.MAPPER.readTree(words).get("error").asText();
      assertTrue(error.contains("near: bad"), error);
    }
  }

  private static Set<String> keys(JsonNode object) {
    return object.properties().stream().map(Map.Entry::getKey).collect(Collectors.toSet());
  }

  @Test
  void watchingTellsWhatThereIsAtOnce() throws IOException {
    HttpURLConnection watching = open(node, "/v1/builds?show=all&kind=build");
    watching.setRequestProperty("Accept", "text/event-stream");
    try (InputStream events = watching.getInputStream()) {
      byte[] first = events.readNBytes(200);
      assertTrue(new String(first, StandardCharsets.UTF_8).startsWith("event: build\ndata: {"));
    }
  }

  @Test
  void aSecondInstanceAnswersForTheWholeFarmAndSoDoesTheFirst() throws Exception {
    Set<String> all = ids(get(node, "/v1/builds?show=all"));
    List<JsonNode> alone = OF_ALL_PARTS.stream().map(StreamsNodeTest::ask).toList();
    try (StreamsNode second = start("two", false)) {
      awaitAnswer(second, "/v1/builds?show=all", builds -> ids(builds).equals(all));
      awaitAnswer(node, "/v1/builds?show=all", builds -> ids(builds).equals(all));
      awaitAnswer(second, "/v1/stats", stats -> count(stats, "build") == BUILDS);
      JsonNode trend = get(node, TREND);
      awaitAnswer(second, TREND, trend::equals);
      JsonNode regressions = get(node, REGRESSIONS);
      awaitAnswer(second, REGRESSIONS, regressions::equals);
      for (StreamsNode one : List.of(node, second)) {
        awaitMetrics(one, metrics -> count(metrics, "nixtape_log_lines_total{partition=") == 1);
      }
      // Two partitions hold what it needs: whoever is asked asks the other.
      publishDerivations();
      for (StreamsNode one : List.of(node, second)) {
        awaitAnswer(
            one,
            "/v1/tree/" + BAD.substring("/nix/store/".length()) + "?all=true",
            tree ->
                tree.at("/rows/0/state").asText().equals("failed")
                    && tree.at("/totals/there").asInt() == 250
                    && tree.at("/unread").asInt() == 0);
      }
      for (int i = 0; i < alone.size(); i++) {
        JsonNode expected = alone.get(i);
        awaitAnswer(second, OF_ALL_PARTS.get(i), expected::equals);
        awaitAnswer(node, OF_ALL_PARTS.get(i), expected::equals);
      }
      // Each asks the other how far its partition is.
      awaitAnswer(second, "/v1/topics", topics -> topics.at("/behind/records").asLong(-1) == 0);
      awaitAnswer(node, "/v1/topics", topics -> topics.at("/behind/records").asLong(-1) == 0);
    }
    // Its place in the group is kept for its return; then the first one holds everything again.
    awaitAnswer(node, "/v1/part/finished?show=all", builds -> ids(builds).equals(all));
    awaitAnswer(node, "/v1/builds?show=all", builds -> ids(builds).equals(all));
  }

  @Test
  void ofFailuresTheLastTellingLineIsKnown() throws IOException {
    JsonNode failures = get(node, "/v1/failures");

    assertEquals(failures.get("failed"), failures.get("logsRead"));
    for (JsonNode group : failures.get("groups")) {
      JsonNode build = get(node, "/v1/builds/" + group.get("example").asText());
      assertEquals(
          build.get("logLines").asLong() == 0,
          group.get("line").asText().isEmpty(),
          group.toString());
    }
  }

  @Test
  void theEndOfALogReadsAsNixRepeatsIt() throws IOException {
    try (InputStream answer =
            open(node, "/v1/builds?show=all&kind=build&name=bad-2.0").getInputStream();
        LogReader log = new LogReader(kafka.bootstrapServers(), Map.of())) {
      List<Build> failed = BuildJson.readAll(answer);

      Map<String, List<String>> tails = log.tails(failed);

      assertEquals(2, tails.size());
      for (Build build : failed) {
        assertEquals(List.of("failing"), build.lastLines());
        assertEquals(build.lastLines(), tails.get(build.id()));
      }
    }
  }

  @Test
  void aRebuildGivesTheSameAnswers() throws Exception {
    List<String> questions =
        Stream.concat(
                Stream.of("/v1/builds?show=all", "/v1/history", "/v1/sessions", "/v1/hosts"),
                OF_ALL_PARTS.stream())
            .toList();
    List<JsonNode> before = questions.stream().map(StreamsNodeTest::ask).toList();
    node.close();
    node = start("one", true);
    for (int i = 0; i < questions.size(); i++) {
      JsonNode expected = before.get(i);
      awaitAnswer(node, questions.get(i), expected::equals);
    }
  }

  @Test
  void atRestNoAnswerIsBehindTheLogAndNeitherAfterARestart() throws Exception {
    assertEquals("{\"records\":0,\"millis\":null}", ask("/v1/topics").get("behind").toString());
    node.close();
    node = start("one", false);
    awaitAnswer(node, "/v1/topics", topics -> topics.at("/log/sessions").asLong() == SESSIONS);
    assertEquals("{\"records\":0,\"millis\":null}", ask("/v1/topics").get("behind").toString());
  }

  @Test
  void whatIsNotFoldedIsCountedAndTheOldestOfItDated() throws Exception {
    LiveView halfWay = new LiveView();
    Memory nothing = new Memory(new Nothing());
    halfWay.opened(0, nothing).folded(2);
    // The fold of the other partition has told nothing yet: it stands where the group committed.
    halfWay.opened(1, nothing);
    try (Topics topics = new Topics(kafka.bootstrapServers(), Map.of());
        LogReader log = new LogReader(kafka.bootstrapServers(), Map.of())) {
      Map<Integer, Long> ends = topics.offsets(Topic.LOG, List.of(0, 1), OffsetSpec.latest());
      await(() -> topics.committed(StreamsNode.APPLICATION, Topic.LOG).equals(ends));

      Map<Integer, Behind> behind = new Unfolded(halfWay, topics, log).byPartition();

      assertEquals(Behind.NOTHING, behind.get(1));
      assertEquals(
          Objects.requireNonNull(ends.get(0)) - 3, Objects.requireNonNull(behind.get(0)).records());
      // The third chunk of the first session.
      Duration age = Duration.between(Instant.parse("2026-01-31T14:03:00.030Z"), Instant.now());
      long millis = Objects.requireNonNull(Objects.requireNonNull(behind.get(0)).millis());
      assertTrue(Math.abs(age.toMillis() - millis) < 5000, millis + " ms, not " + age.toMillis());
    }
  }

  private static void await(Callable<Boolean> expected) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!expected.call()) {
      assertTrue(System.nanoTime() < deadline, "never came");
      Thread.onSpinWait();
    }
  }

  private static final class Nothing implements KeyValues {
    @Override
    public byte @Nullable [] get(String key) {
      return null;
    }

    @Override
    public void put(String key, byte @Nullable [] value) {}

    @Override
    public List<Map.Entry<String, byte[]>> range(String from, String to) {
      return List.of();
    }
  }

  @Test
  void theMetricsSayWhatTheAnswersSay() throws IOException {
    JsonNode log = ask("/v1/topics").get("log");
    awaitMetrics(
        node,
        metrics ->
            sum(metrics, "nixtape_log_lines_total") == log.get("lines").asLong()
                && metrics.keySet().stream().anyMatch(name -> name.startsWith("kafka_stream_")));
    Map<String, Double> metrics = metrics(node);

    assertTrue(log.get("lines").asLong() > 0);
    assertEquals(log.get("bytes").asDouble(), sum(metrics, "nixtape_log_bytes_total"));
    assertEquals(log.get("chunks").asDouble(), sum(metrics, "nixtape_log_chunks_total"));
    assertEquals(SESSIONS, sum(metrics, "nixtape_log_sessions_total"));
    assertEquals(0, sum(metrics, "nixtape_sessions_open"));
    assertEquals(0, sum(metrics, "nixtape_behind_records"));
    assertEquals(0, sum(metrics, "nixtape_behind_seconds"));
    assertEquals(2, count(metrics, "nixtape_log_lines_total{partition="));
    assertTrue(sum(metrics, "nixtape_store_bytes{partition=\"0\",store=\"live\"") > 0);
    assertTrue(sum(metrics, "nixtape_store_bytes{partition=\"1\",store=\"history\"") > 0);
    assertTrue(sum(metrics, "nixtape_store_entries") > 0);
    assertTrue(count(metrics, "nixtape_fold_delay_seconds_bucket{le=\"0.005\"") == 1);
    assertTrue(sum(metrics, "nixtape_query_seconds_count{route=\"/v1/topics\",status=\"200\"") > 0);
  }

  @Test
  void aRequestForWhatIsNotThereIsCountedWithoutItsPath() throws IOException {
    assertEquals(404, open(node, "/made/up").getResponseCode());
    assertEquals(404, open(node, "/v1/builds/zzzzzzzz").getResponseCode());

    awaitMetrics(
        node,
        metrics ->
            sum(metrics, "nixtape_query_seconds_count{route=\"other\",status=\"404\"") > 0
                && sum(
                        metrics,
                        "nixtape_query_seconds_count{route=\"/v1/builds/{id}\",status=\"404\"")
                    > 0);
  }

  private static void awaitMetrics(StreamsNode asked, Predicate<Map<String, Double>> expected)
      throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!expected.test(metrics(asked))) {
      assertTrue(System.nanoTime() < deadline, () -> "never came: " + text(asked, "/metrics"));
      Thread.onSpinWait();
    }
  }

  private static Map<String, Double> metrics(StreamsNode asked) throws IOException {
    HttpURLConnection answer = open(asked, "/metrics");
    assertEquals("text/plain; charset=utf-8", answer.getContentType());
    Map<String, Double> metrics = new TreeMap<>();
    try (InputStream body = answer.getInputStream()) {
      new String(body.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .forEach(line -> {
            int space = line.lastIndexOf(' ');
            metrics.put(line.substring(0, space), Double.valueOf(line.substring(space + 1)));
          });
    }
    return metrics;
  }

  private static double sum(Map<String, Double> metrics, String series) {
    return metrics.entrySet().stream()
        .filter(metric -> metric.getKey().startsWith(series))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  private static long count(Map<String, Double> metrics, String series) {
    return metrics.keySet().stream().filter(name -> name.startsWith(series)).count();
  }

  private static String text(StreamsNode asked, String path) {
    try (InputStream answer = open(asked, path).getInputStream()) {
      return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(path, e);
    }
  }

  private static JsonNode ask(String path) {
    try {
      return get(node, path);
    } catch (IOException e) {
      throw new AssertionError(path, e);
    }
  }

  @Test
  void aTakenPortIsSaid() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      IOException refused =
          org.junit.jupiter.api.Assertions.assertThrows(
              IOException.class,
              () -> QueryServer.bind("127.0.0.1", taken.getLocalPort(), Optional.empty()));
      assertTrue(
          String.valueOf(refused.getMessage()).contains("--listen"),
          Arrays.toString(refused.getStackTrace()));
    }
  }
}
