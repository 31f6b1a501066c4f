package dev.nixtape.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "log",
    description = "A build's own log, read back from the tape.",
    footer = {
      "",
      "Examples:",
      "  nixtape log 7k3x9q2m -n 50   its last 50 lines",
      "  nixtape log 7k3x9q2m -f      follow it"
    })
final class LogCommand implements Callable<Integer> {
  @Mixin Server server = new Server();

  @Parameters(paramLabel = "ID", description = "The build's id, or the beginning of it.")
  String id = "";

  @Option(
      names = {"-f", "--follow"},
      description = "Go on until the build ends.")
  boolean follow;

  @Option(
      names = {"-n", "--lines"},
      paramLabel = "N",
      description = "Only the last N lines.")
  Optional<Long> last = Optional.empty();

  @Override
  public Integer call() throws IOException {
    String path =
        "/v1/builds/%s/log?follow=%s%s"
            .formatted(Server.segment(id), follow, last.map(n -> "&last=" + n).orElse(""));
    try (InputStream lines = server.get(path, "text/plain")) {
      byte[] buffer = new byte[16 * 1024];
      for (int n; (n = lines.read(buffer)) >= 0; ) {
        System.out.write(buffer, 0, n);
        System.out.flush();
      }
    }
    return 0;
  }
}
