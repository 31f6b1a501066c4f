package dev.nixtape.cli;

import dev.nixtape.ingest.Recorder;
import dev.nixtape.ingest.ServiceManager;
import dev.nixtape.ingest.SocketShim;
import dev.nixtape.ingest.spool.PublishMeters;
import dev.nixtape.streams.RouteServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "ingest",
    description = "Only the shim: listen on the socket for Nix and publish to Kafka.",
    subcommands = {IngestPipeCommand.class, IngestFileCommand.class},
    footer = {
      "",
      "Examples:",
      "  nixtape ingest --bootstrap-servers kafka:9092    on every host of a farm",
      "  nix build --log-format internal-json -v |& nixtape ingest pipe",
      "  nixtape ingest file build.log"
    })
final class IngestCommand implements Callable<Integer> {
  private static final Duration CONNECT = Duration.ofSeconds(10);

  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin KafkaOptions kafka = new KafkaOptions();
  @Mixin SocketOptions socket = new SocketOptions();
  @Mixin SpoolOptions spool = new SpoolOptions();

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7071",
      converter = Address.Reader.class,
      description =
          "Where it tells how it is, at /v1/shim and /metrics (default: ${DEFAULT-VALUE}).")
  Address listen = new Address("127.0.0.1", 7071);

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    Exposition exposition = new Exposition();
    ServiceManager manager = ServiceManager.of(System.getenv(), ProcessHandle.current().pid());
    Recorder recorder =
        Recorder.ofShim(
            spool.settings(Places.data(), kafka.servers(), kafka.settings()),
            socket.path(),
            socket.host(),
            new PublishMeters(exposition.meters()),
            SocketOptions::say);
    SocketShim shim = SocketShim.listen(socket.path(), recorder, manager, SocketOptions::say);
    shim.measuredIn(exposition.meters());
    answer(exposition, shim);
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  shim.close();
                  recorder.close(Duration.ofSeconds(2));
                  stopped.countDown();
                },
                "stop"));
    manager.ready("recording " + shim.path());
    out.println("listening: put this into nix.conf and restart nix-daemon");
    out.println();
    out.println("    json-log-path = " + shim.path());
    out.println();
    out.flush();
    try {
      recorder.requireLog(CONNECT);
      out.println("ready: publishing to Kafka at " + kafka.servers());
      out.flush();
    } catch (IOException e) {
      // Nix is heard all the same: it waits in the spool until Kafka comes.
      SocketOptions.say(String.valueOf(e.getMessage()));
    }
    stopped.await();
    return 0;
  }

  /// A host is recorded all the same when another process has the address.
  private void answer(Exposition exposition, SocketShim shim) {
    try {
      RouteServer _ =
          RouteServer.start(
              listen.host(),
              listen.port(),
              exposition.meters(),
              Map.of(
                  Exposition.PATH,
                  exposition::scrape,
                  Exposition.SHIM,
                  () -> Exposition.json(shim.status())));
    } catch (IOException e) {
      SocketOptions.say("no metrics: " + e.getMessage());
    }
  }
}
