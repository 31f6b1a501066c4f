package dev.nixtape.streams;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// An HTTP server of a process that has no questions to answer, only what its parts say of
/// themselves.
public final class RouteServer implements AutoCloseable {
  private static final String NOT_HERE =
      "{\"error\":\"no questions are answered here: ask nixtape streams, or nixtape up\"}";

  private final QueryServer server;

  private RouteServer(QueryServer server) {
    this.server = server;
  }

  /// @param port 0 for any free one
  /// @param routes what is answered, by its path
  /// @throws IOException when the address is taken
  public static RouteServer start(
      String host, int port, MeterRegistry meters, Map<String, Supplier<Reply>> routes)
      throws IOException {
    QueryServer server = QueryServer.bind(host, port, Optional.empty());
    server.serve(
        new Routes(
            exchange -> Routes.send(exchange, new Reply(404, "application/json", NOT_HERE)),
            routes,
            meters));
    return new RouteServer(server);
  }

  /// `http://host:port`.
  public String address() {
    return server.address();
  }

  @Override
  public void close() {
    server.close();
  }
}
