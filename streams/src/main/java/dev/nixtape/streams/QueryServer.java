package dev.nixtape.streams;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The HTTP server of the JDK, one virtual thread a request.
final class QueryServer implements AutoCloseable {
  static {
    // Without it an answer on a kept connection waits 40 ms for the client's delayed
    // acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("query-", 0).factory());

  private QueryServer(HttpServer server) {
    this.server = server;
  }

  /// Takes the address; requests are answered after `serve`.
  static QueryServer bind(String host, int port) throws IOException {
    try {
      return new QueryServer(HttpServer.create(new InetSocketAddress(host, port), 0));
    } catch (BindException e) {
      throw new IOException(
          "cannot listen on %s:%d (%s): another program has it; choose another with --listen"
              .formatted(host, port, e.getMessage()),
          e);
    }
  }

  interface Handler {
    void handle(HttpExchange exchange) throws IOException;
  }

  void serve(Handler handler) {
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            handler.handle(exchange);
          }
        });
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  String address() {
    return "http://%s:%d".formatted(server.getAddress().getHostString(), port());
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
