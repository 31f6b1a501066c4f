package dev.nixtape.cli;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine;

/// A server with answers of its own, and commands as a shell runs them.
final class Asking implements AutoCloseable {
  private final HttpServer server;

  /// @param answers by path with parameters, else without; what is asked otherwise is not found
  Asking(Map<String, String> answers) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            URI asked = exchange.getRequestURI();
            String answer = answers.getOrDefault(asked.toString(), answers.get(asked.getPath()));
            byte[] body =
                (answer == null ? "{\"error\":\"no build's id begins with 'zz'\"}" : answer)
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    server.start();
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  /// What a command printed, and its exit status.
  record Result(int status, String out, String err) {}

  static Result execute(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Nixtape.commandLine(args);
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return new Result(line.execute(args), out.toString(), err.toString());
  }
}
