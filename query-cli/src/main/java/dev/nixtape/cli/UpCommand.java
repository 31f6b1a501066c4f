package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.control.Agent;
import dev.nixtape.ingest.Host;
import dev.nixtape.ingest.Recorder;
import dev.nixtape.ingest.ServiceManager;
import dev.nixtape.ingest.SocketShim;
import dev.nixtape.ingest.spool.PublishMeters;
import dev.nixtape.streams.Access;
import dev.nixtape.streams.EmbeddedKafka;
import dev.nixtape.streams.StreamsNode;
import dev.nixtape.streams.StreamsSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "up",
    description = "Record this machine's Nix and answer questions: everything in one process.",
    footer = {
      "",
      "Examples:",
      "  nixtape up --demo                           with recorded builds, to look around",
      "  nixtape up --bootstrap-servers kafka:9092   with a Kafka that is already there"
    })
final class UpCommand implements Callable<Integer> {
  private static final Duration READY = Duration.ofSeconds(90);

  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin KafkaOptions kafka = new KafkaOptions();
  @Mixin NodeOptions node = new NodeOptions();
  @Mixin SocketOptions socket = new SocketOptions();
  @Mixin SpoolOptions spool = new SpoolOptions();
  @Mixin ControlOptions control = new ControlOptions();

  @Option(
      names = "--kafka-port",
      paramLabel = "PORT",
      defaultValue = "" + KafkaOptions.PORT,
      description = "Where the Kafka inside listens, on loopback (default: ${DEFAULT-VALUE}).")
  int kafkaPort = KafkaOptions.PORT;

  @Option(names = "--demo", description = "Also replay recorded builds, many times their speed.")
  boolean demo;

  /// What to stop, the last started first; what records goes before what it records to.
  private final Deque<AutoCloseable> recording = new ConcurrentLinkedDeque<>();

  private final Deque<AutoCloseable> serving = new ConcurrentLinkedDeque<>();

  @Override
  public Integer call() throws Exception {
    long began = System.nanoTime();
    node.requireSafe();
    Path data = node.data();
    Map<String, String> client = kafka.settings();
    PrintWriter out = spec.commandLine().getOut();
    CountDownLatch stopped = new CountDownLatch(1);
    Thread stop = new Thread(() -> stop(stopped), "stop");
    Runtime.getRuntime().addShutdownHook(stop);
    try {
      start(data, client, began, out);
    } catch (IOException e) {
      // A Kafka that failed to start leaves threads behind: this process can only end.
      throw new Failure(Failure.FAILED, String.valueOf(e.getMessage()));
    }
    stopped.await();
    return 0;
  }

  private void start(Path data, Map<String, String> client, long began, PrintWriter out)
      throws IOException, InterruptedException {
    serving.push(
        DataLock.take(
            data,
            "'nixtape up', process %d, which answers at http://%s:%d"
                .formatted(ProcessHandle.current().pid(), node.listen.host(), node.listen.port())));
    Path socketPath = socket.path();
    String servers = kafka.bootstrapServers.orElse("127.0.0.1:" + kafkaPort);
    Optional<Agent.Settings> agent =
        ControlOptions.obstacle().isEmpty()
            ? Optional.of(control.settings(socket.host().name(), data, servers, client))
            : Optional.empty();
    StreamsSettings settings =
        node.settings(
            servers,
            client,
            data,
            new Access(
                KeyFile.own(control.keyFile(data)),
                Objects.requireNonNull(socketPath.getParent()),
                node.guard()),
            kafka.bootstrapServers.isEmpty());
    Style bold = Screen.colours() ? Style.BOLD : Style.PLAIN;
    out.println(bold.paint("nixtape " + Nixtape.VERSION));
    out.println("  data     " + data);
    out.println(
        "  log      Kafka at "
            + servers
            + (kafka.bootstrapServers.isPresent() ? "" : ", inside this process"));
    out.println("  socket   " + socketPath);
    out.println(
        "  control  "
            + ControlOptions.obstacle()
                .map(why -> "off: " + why)
                .orElseGet(() -> "on: " + control.source()));
    out.println();
    out.println("To record this machine's Nix (2.30 or newer), put this into its nix.conf:");
    out.println();
    out.println("    " + bold.paint("json-log-path = " + socketPath));
    out.println();
    out.println("and restart nix-daemon. Any other Nix: nixtape run -- nix build …");
    out.println();
    out.flush();

    // First of all, so that no build waits for the rest.
    Exposition exposition = new Exposition();
    serving.push(exposition);
    ServiceManager manager = ServiceManager.of(System.getenv(), ProcessHandle.current().pid());
    recording.push(manager);
    Recorder recorder =
        Recorder.ofShim(
            spool.settings(data, servers, client),
            socketPath,
            socket.host(),
            new PublishMeters(exposition.meters()),
            SocketOptions::say);
    recording.push(recorder);
    SocketShim shim = SocketShim.listen(socketPath, recorder, manager, SocketOptions::say);
    recording.push(shim);
    shim.measuredIn(exposition.meters());
    if (kafka.bootstrapServers.isEmpty()) {
      serving.push(EmbeddedKafka.start(data.resolve("kafka"), kafkaPort));
    }
    StreamsNode streams =
        StreamsNode.start(
            settings,
            node.rebuild,
            exposition.meters(),
            Map.of(
                Exposition.PATH,
                exposition::scrape,
                Exposition.SHIM,
                () -> Exposition.json(shim.status())));
    serving.push(streams);
    if (!streams.awaitReady(READY)) {
      throw new IOException(
          "the projections were not ready after %d s".formatted(READY.toSeconds()));
    }
    if (agent.isPresent()) {
      recording.push(Agent.start(agent.get(), exposition.meters(), SocketOptions::say));
    }
    manager.ready("recording, and answering at " + streams.address());
    out.println(
        "ready after %s, answers at %s: try 'nixtape builds -w'"
            .formatted(
                Screen.duration(Duration.ofNanos(System.nanoTime() - began)), streams.address()));
    out.flush();
    if (demo) {
      Demo.feed(recorder);
      out.println("the demo's builds run now");
      out.flush();
    }
  }

  private void stop(CountDownLatch stopped) {
    recording.forEach(UpCommand::close);
    serving.forEach(UpCommand::close);
    stopped.countDown();
  }

  private static void close(AutoCloseable part) {
    try {
      part.close();
    } catch (Exception e) {
      SocketOptions.say("could not stop cleanly: " + e);
    }
  }

  /// Options of a process that projects and answers.
  static final class NodeOptions {
    @Option(
        names = "--data",
        paramLabel = "DIR",
        description =
            "Where everything is kept (default: /var/lib/nixtape for root, else $$XDG_STATE_HOME/nixtape).")
    Optional<Path> data = Optional.empty();

    @Option(
        names = "--listen",
        paramLabel = "HOST:PORT",
        defaultValue = "127.0.0.1:7070",
        converter = Address.Reader.class,
        description = "Where questions are answered (default: ${DEFAULT-VALUE}).")
    Address listen = new Address("127.0.0.1", 7070);

    @Option(
        names = "--rebuild",
        description = "Forget everything that was derived and project the log anew.")
    boolean rebuild;

    @Option(
        names = "--partitions",
        paramLabel = "N",
        description =
            "Partitions of topics that have to be made: as many instances can share the work (default: 1 for the Kafka inside, else 12).")
    Optional<Integer> partitions = Optional.empty();

    @Option(
        names = "--keep-days",
        paramLabel = "N",
        defaultValue = "180",
        description =
            "How long what finished is kept for questions (default: ${DEFAULT-VALUE}); the log itself is kept until 'nixtape clean'.")
    int keepDays = 180;

    @ArgGroup(exclusive = false, heading = "To be asked from other machines (docs/security.md):%n")
    @Nullable GuardOptions guard;

    static final class GuardOptions {
      @Option(
          names = "--tls-key-store",
          paramLabel = "FILE",
          required = true,
          description = "PKCS #12, with the server's key and certificates.")
      Path keyStore = Path.of("");

      @Option(
          names = "--tls-password-file",
          paramLabel = "FILE",
          required = true,
          description = "The key store's password.")
      Path password = Path.of("");

      @Option(
          names = "--tokens",
          paramLabel = "FILE",
          required = true,
          description = "Who may ask: a line for each, a name and the SHA-256 of their token.")
      Path tokens = Path.of("");

      @Option(
          names = "--token-file",
          paramLabel = "FILE",
          description = "The token with which this instance asks the others.")
      Optional<Path> token = Optional.empty();
    }

    private Duration kept() {
      if (keepDays < 1) {
        throw new Failure(Failure.USAGE, "--keep-days: at least 1, not " + keepDays);
      }
      return Duration.ofDays(keepDays);
    }

    Path data() {
      return data.orElseGet(Places::data).toAbsolutePath();
    }

    StreamsSettings settings(
        String servers, Map<String, String> client, Path data, Access access, boolean inside) {
      return new StreamsSettings(
          servers,
          client,
          data.resolve("streams"),
          listen.host(),
          listen.port(),
          "%s-%d".formatted(Host.local().name(), listen.port()),
          partitions.orElse(inside ? 1 : 12),
          (short) (inside ? 1 : -1),
          kept(),
          access);
    }

    /// Before anything is begun.
    void requireSafe() {
      try {
        Access.requireSafe(listen.host(), guard());
      } catch (IllegalArgumentException e) {
        throw new Failure(Failure.USAGE, String.valueOf(e.getMessage()));
      }
    }

    Optional<Access.Guard> guard() {
      if (guard == null) {
        return Optional.empty();
      }
      return Optional.of(
          new Access.Guard(guard.keyStore, guard.password, guard.tokens, guard.token));
    }
  }
}
