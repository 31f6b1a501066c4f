package dev.nixtape.cli;

import dev.nixtape.control.Agent;
import dev.nixtape.control.Policy;
import dev.nixtape.control.Policy.Rule;
import dev.nixtape.control.Policy.Whose;
import dev.nixtape.ingest.ServiceManager;
import dev.nixtape.streams.RouteServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "agent",
    description = "Obey commands to this host's builds, as far as its policy allows them.",
    footer = {
      "",
      "Examples:",
      "  nixtape control agent --bootstrap-servers kafka:9092    as root, on every host of a farm"
    })
final class ControlAgentCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin KafkaOptions kafka = new KafkaOptions();
  @Mixin SocketOptions.HostName host = new SocketOptions.HostName();
  @Mixin ControlOptions control = new ControlOptions();

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7072",
      converter = Address.Reader.class,
      description = "Where it tells how it is, at /metrics (default: ${DEFAULT-VALUE}).")
  Address listen = new Address("127.0.0.1", 7072);

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    Path data = Places.data();
    Agent.Settings settings =
        control.settings(host.host().name(), data, kafka.servers(), kafka.settings());
    Exposition exposition = new Exposition();
    ServiceManager manager = ServiceManager.of(System.getenv(), ProcessHandle.current().pid());
    Agent agent = Agent.start(settings, exposition.meters(), SocketOptions::say);
    answer(exposition);
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  agent.close();
                  stopped.countDown();
                },
                "stop"));
    manager.ready("obeying commands to " + settings.host());
    out.println("agent of " + settings.host());
    out.println("  log      Kafka at " + kafka.servers());
    out.println("  key      " + KeyFile.read(control.keyFile(data)).publicKey());
    out.println("  policy   " + control.source());
    for (Rule rule : settings.policy().rules()) {
      out.println("           " + words(rule));
    }
    ControlOptions.obstacle().ifPresent(SocketOptions::say);
    out.flush();
    stopped.await();
    return 0;
  }

  private static String words(Rule rule) {
    return "%s may %s %s"
        .formatted(
            words(rule.who(), "everybody"),
            words(rule.may(), "do everything to"),
            switch (rule.of()) {
              case Whose.Any() -> "any build";
              case Whose.Own() -> "builds of their own";
              case Whose.Group(String group) -> "builds of @" + group;
            });
  }

  private static String words(Collection<String> names, String all) {
    return names.contains(Policy.ALL) ? all : String.join(", ", new TreeSet<>(names));
  }

  /// A host is controlled all the same when another process has the address.
  private void answer(Exposition exposition) {
    try {
      RouteServer _ =
          RouteServer.start(
              listen.host(),
              listen.port(),
              exposition.meters(),
              Map.of(Exposition.PATH, exposition::scrape));
    } catch (IOException e) {
      SocketOptions.say("no metrics: " + e.getMessage());
    }
  }
}
