package dev.nixtape.streams;

import dev.nixtape.projections.fold.Fold;
import dev.nixtape.projections.tape.Topic;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.HostInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The topologies of one process, and the server that answers from their stores.
public final class StreamsNode implements AutoCloseable {
  /// The group's name, and what its stores and internal topics begin with.
  public static final String APPLICATION = "nixtape-v" + Fold.VERSION;

  private static final Logger LOG = LoggerFactory.getLogger(StreamsNode.class);

  private final KafkaStreams streams;
  private final QueryServer server;
  private final Optional<PeerServer> peers;
  private final Issuing issuing;
  private final Topics topics;
  private final LogReader log;
  private final NodeMeters meters;
  private final CountDownLatch ready;

  private StreamsNode(
      KafkaStreams streams,
      QueryServer server,
      Optional<PeerServer> peers,
      Issuing issuing,
      Topics topics,
      LogReader log,
      NodeMeters meters,
      CountDownLatch ready) {
    this.streams = streams;
    this.ready = ready;
    this.server = server;
    this.peers = peers;
    this.issuing = issuing;
    this.topics = topics;
    this.log = log;
    this.meters = meters;
  }

  /// Starts the topologies and the server; questions get answers as soon as `awaitReady` returns.
  ///
  /// @param rebuild first forget everything that was derived from the log
  /// @param meters where what this process measures is registered
  /// @param routes what other parts of the process answer beside the questions, by their paths
  /// @throws IOException when Kafka does not answer, or the address to listen on is taken
  public static StreamsNode start(
      StreamsSettings settings,
      boolean rebuild,
      MeterRegistry meters,
      Map<String, Supplier<Reply>> routes)
      throws IOException {
    Optional<Guarded> guarded = Optional.empty();
    if (settings.access().guard().isPresent()) {
      guarded = Optional.of(Guarded.by(settings.access().guard().get()));
    }
    Topics topics = new Topics(settings.bootstrapServers(), settings.kafka());
    Issuing issuing = new Issuing(settings);
    try {
      if (rebuild) {
        topics.forget(APPLICATION);
        delete(settings.state());
      }
      topics.ensure(Topic.ALL, settings.partitions(), settings.replication());
      LiveView live = new LiveView();
      QueryServer server = QueryServer.bind(settings.listenHost(), settings.listenPort(), guarded);
      KafkaStreams streams =
          new KafkaStreams(
              topology(live, new FoldMeters(meters), settings.kept()),
              config(settings, server.port()));
      streams.setUncaughtExceptionHandler(failure -> {
        LOG.error("a projection failed and is started again", failure);
        return StreamThreadExceptionResponse.REPLACE_THREAD;
      });
      LogReader log = new LogReader(settings.bootstrapServers(), settings.kafka());
      Unfolded unfolded = new Unfolded(live, topics, log);
      LocalPart local = new LocalPart(new StreamsStores(streams), live, unfolded);
      NodeMeters nodeMeters = new NodeMeters(meters, streams, local, unfolded);
      HostInfo self = new HostInfo(settings.listenHost(), server.port());
      Optional<Guarded> guard = guarded;
      Farm farm = new Farm(local, () -> others(streams, self, guard));
      DerivationQuestions derivations = new DerivationQuestions(farm, farm);
      Routes all =
          new Routes(
              new Questions(
                  farm,
                  derivations,
                  new CommandQuestions(farm, farm, derivations, issuing),
                  local,
                  topics,
                  log,
                  guarded),
              routes,
              meters);
      server.serve(all);
      Optional<PeerServer> peers = peers(Access.socket(settings.access().sockets(), server.port()));
      peers.ifPresent(each -> each.serve(all));
      CountDownLatch ready = new CountDownLatch(1);
      streams.setStateListener((now, _) -> {
        if (now == KafkaStreams.State.RUNNING) {
          ready.countDown();
          nodeMeters.settled();
        }
      });
      streams.start();
      return new StreamsNode(streams, server, peers, issuing, topics, log, nodeMeters, ready);
    } catch (IOException | RuntimeException e) {
      issuing.close();
      topics.close();
      throw e;
    }
  }

  /// Questions are answered all the same where no socket can be.
  private static Optional<PeerServer> peers(Path socket) {
    try {
      return Optional.of(PeerServer.bind(socket, PeerServer.PATIENCE));
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn(
          "no commands from users of this machine: cannot listen on {}: {}",
          socket,
          e.getMessage());
      return Optional.empty();
    }
  }

  private static List<Part> others(KafkaStreams streams, HostInfo self, Optional<Guarded> guarded) {
    return streams.metadataForAllStreamsClients().stream()
        .map(StreamsMetadata::hostInfo)
        .filter(instance -> !instance.equals(self) && instance.port() > 0)
        .<Part>map(instance -> new RemotePart(instance, guarded))
        .toList();
  }

  static Topology topology(LiveView live, FoldMeters meters, Duration kept) {
    Topology topology = new Topology();
    LiveTopology.addTo(topology, live, meters);
    HistoryTopology.addTo(topology, live, kept);
    DerivationsTopology.addTo(topology);
    HostsTopology.addTo(topology);
    ControlTopology.addTo(topology, meters);
    return topology;
  }

  private static Properties config(StreamsSettings settings, int port) {
    Properties p = new Properties();
    p.put(StreamsConfig.APPLICATION_ID_CONFIG, APPLICATION);
    p.put(StreamsConfig.STATE_DIR_CONFIG, settings.state().toString());
    p.put(StreamsConfig.APPLICATION_SERVER_CONFIG, settings.listenHost() + ":" + port);
    p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    p.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, (int) settings.replication());
    p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    // How long the thread waits for records that do not come; those that come wake it.
    p.put(StreamsConfig.POLL_MS_CONFIG, 400);
    // Live answers do not wait for it; until then a fact is shown from the live store.
    p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 500);
    p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 16L << 20);
    p.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, SmallStores.class);
    p.put(StreamsConfig.METRIC_REPORTER_CLASSES_CONFIG, "");
    p.put(StreamsConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    p.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    // close() does not leave the group: a static member is back at once after a restart or a kill.
    p.put(StreamsConfig.mainConsumerPrefix("group.instance.id"), settings.instance());
    p.put(StreamsConfig.mainConsumerPrefix("session.timeout.ms"), 10_000);
    // A record is up to 128 KiB: these bound how many of them are in memory at once, and are copied
    // by every collection of garbage.
    p.put(StreamsConfig.consumerPrefix("max.poll.records"), 25);
    p.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 25);
    // Long, for there is nothing new most of the time; but stores that are restored wait for the
    // end
    // of a fetch.
    p.put(StreamsConfig.mainConsumerPrefix("fetch.max.wait.ms"), 2000);
    p.put(StreamsConfig.restoreConsumerPrefix("fetch.max.wait.ms"), 50);
    p.put(StreamsConfig.consumerPrefix("max.partition.fetch.bytes"), 1 << 20);
    p.put(StreamsConfig.producerPrefix("linger.ms"), 5);
    p.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    p.put(StreamsConfig.producerPrefix("buffer.memory"), 16L << 20);
    p.putAll(settings.kafka());
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrapServers());
    return p;
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(
              Path visited, @org.jspecify.annotations.Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /// Waits until the stores are there; false when they are not in that time.
  public boolean awaitReady(Duration patience) throws InterruptedException {
    return ready.await(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Where questions are answered: `http://host:port`, or `https`.
  public String address() {
    return server.address();
  }

  /// The UNIX socket where they are answered too, if there is one.
  public Optional<Path> socket() {
    return peers.map(PeerServer::socket);
  }

  @Override
  public void close() {
    peers.ifPresent(PeerServer::close);
    server.close();
    issuing.close();
    meters.close();
    streams.close(Duration.ofSeconds(3));
    log.close();
    topics.close();
  }
}
