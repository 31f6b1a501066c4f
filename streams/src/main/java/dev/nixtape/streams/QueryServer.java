package dev.nixtape.streams;

import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The HTTP server of the JDK, one virtual thread a request.
final class QueryServer implements AutoCloseable {
  static {
    // Without it an answer on a kept connection waits 40 ms for the client's delayed
    // acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    // Seconds in which a request must have arrived: nobody holds a thread by sending nothing.
    System.setProperty("sun.net.httpserver.maxReqTime", "30");
  }

  private final HttpServer server;
  private final Optional<Guarded> guarded;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("query-", 0).factory());

  private QueryServer(HttpServer server, Optional<Guarded> guarded) {
    this.server = server;
    this.guarded = guarded;
  }

  /// Takes the address; requests are answered after `serve`.
  ///
  /// @param guarded with TLS and tokens
  static QueryServer bind(String host, int port, Optional<Guarded> guarded) throws IOException {
    InetSocketAddress address = new InetSocketAddress(host, port);
    try {
      return new QueryServer(
          guarded.isPresent() ? guarded.get().server(address) : HttpServer.create(address, 0),
          guarded);
    } catch (BindException e) {
      throw new IOException(
          "cannot listen on %s:%d (%s): another program has it; choose another with --listen"
              .formatted(host, port, e.getMessage()),
          e);
    }
  }

  interface Handler {
    /// An exchange without a principal is of somebody whom nobody knows.
    void handle(HttpExchange exchange) throws IOException;
  }

  void serve(Handler handler) {
    server.setExecutor(threads);
    HttpContext all =
        server.createContext(
            "/",
            exchange -> {
              try (exchange) {
                handler.handle(exchange);
              }
            });
    guarded.ifPresent(guard -> all.setAuthenticator(guard.tokens()));
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  String address() {
    return "%s://%s:%d"
        .formatted(
            guarded.isPresent() ? "https" : "http", server.getAddress().getHostString(), port());
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
