package dev.nixtape.cli;

import dev.nixtape.ingest.LogWriter;
import dev.nixtape.ingest.SocketShim;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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
  static final Duration CONNECT = Duration.ofSeconds(10);

  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin KafkaOptions kafka = new KafkaOptions();
  @Mixin SocketOptions socket = new SocketOptions();

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    LogWriter log = LogWriter.open(kafka.servers(), kafka.settings(), SocketOptions::say);
    SocketShim shim = SocketShim.listen(socket.path(), log, socket.host(), SocketOptions::say);
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  shim.close();
                  log.close(Duration.ofSeconds(2));
                  stopped.countDown();
                },
                "stop"));
    out.println("listening: put this into nix.conf and restart nix-daemon");
    out.println();
    out.println("    json-log-path = " + shim.path());
    out.println();
    out.flush();
    try {
      log.requireLog(CONNECT);
      out.println("ready: publishing to Kafka at " + kafka.servers());
      out.flush();
    } catch (IOException e) {
      // Nix is heard all the same: Kafka may come, and what was missed till then is a gap in the
      // log.
      SocketOptions.say(String.valueOf(e.getMessage()));
    }
    stopped.await();
    return 0;
  }
}
