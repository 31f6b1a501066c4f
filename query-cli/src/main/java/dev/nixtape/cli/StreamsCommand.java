package dev.nixtape.cli;

import dev.nixtape.ingest.spool.DirectoryLock;
import dev.nixtape.streams.Access;
import dev.nixtape.streams.StreamsNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "streams",
    description =
        "Only the projections and the query server, against a Kafka that is already there.",
    footer = {
      "",
      "Example:",
      "  nixtape streams --bootstrap-servers kafka:9092 --kafka-config client.properties",
      "  nixtape streams --listen 10.0.0.5:7070 --tls-key-store server.p12 --tls-password-file server.pw \\",
      "      --tokens tokens --token-file token     so that other machines can ask it, too"
    })
final class StreamsCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin KafkaOptions kafka = new KafkaOptions();
  @Mixin UpCommand.NodeOptions node = new UpCommand.NodeOptions();

  @Override
  public Integer call() throws IOException, InterruptedException {
    long began = System.nanoTime();
    node.requireSafe();
    Path data = node.data();
    PrintWriter out = spec.commandLine().getOut();
    CountDownLatch stopped = new CountDownLatch(1);
    try (DirectoryLock _ =
            DataLock.take(data, "'nixtape streams', process " + ProcessHandle.current().pid());
        Exposition exposition = new Exposition()) {
      StreamsNode streams =
          StreamsNode.start(
              node.settings(
                  kafka.servers(),
                  kafka.settings(),
                  data,
                  new Access(
                      KeyFile.own(data.resolve("key")),
                      Places.sockets(System.getenv()),
                      node.guard()),
                  false),
              node.rebuild,
              exposition.meters(),
              Map.of(Exposition.PATH, exposition::scrape));
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    streams.close();
                    stopped.countDown();
                  },
                  "stop"));
      if (!streams.awaitReady(Duration.ofMinutes(10))) {
        throw new Failure(Failure.FAILED, "the projections were not ready after 10 minutes");
      }
      out.println(
          "ready after %s, answers at %s"
              .formatted(
                  Screen.duration(Duration.ofNanos(System.nanoTime() - began)), streams.address()));
      out.flush();
      stopped.await();
    }
    return 0;
  }
}
