package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// The questions and, at paths of their own, what other parts of the process answer; each answer
/// timed.
final class Routes implements QueryServer.Handler {
  /// Microseconds.
  private static final Duration[] TIMES =
      FoldMeters.micros(
          1_000,
          2_500,
          5_000,
          10_000,
          25_000,
          50_000,
          100_000,
          250_000,
          500_000,
          1_000_000,
          2_500_000,
          5_000_000,
          10_000_000);

  private static final Set<String> QUESTIONS =
      Set.of(
          "builds",
          "sessions",
          "history",
          "stats",
          "hosts",
          "machines",
          "topics",
          "status",
          "tree",
          "critical-path",
          "why",
          "flaky",
          "failures",
          "cost",
          "cache",
          "waits",
          "trend",
          "regressions",
          "commands",
          "part");

  private final QueryServer.Handler questions;
  private final Map<String, Supplier<Reply>> others;
  private final MeterProvider<Timer> timers;

  Routes(QueryServer.Handler questions, Map<String, Supplier<Reply>> others, MeterRegistry meters) {
    this.questions = questions;
    this.others = Map.copyOf(others);
    this.timers =
        Timer.builder("nixtape.query")
            .description("To answer a question over HTTP")
            .serviceLevelObjectives(TIMES)
            .withRegistry(meters);
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    long began = System.nanoTime();
    try {
      Supplier<Reply> other = others.get(exchange.getRequestURI().getPath());
      if (other != null && exchange.getRequestMethod().equals("GET")) {
        send(exchange, other.get());
      } else {
        questions.handle(exchange);
      }
    } finally {
      timers
          .withTags("route", route(exchange), "status", status(exchange))
          .record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
    }
  }

  static void send(HttpExchange exchange, Reply reply) throws IOException {
    byte[] body = reply.body().getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", reply.contentType());
    exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  /// `none` when it failed before there was any.
  private static String status(HttpExchange exchange) {
    int status = exchange.getResponseCode();
    return status < 0 ? "none" : Integer.toString(status);
  }

  /// The path as `openapi.json` has it: every distinct one is kept for as long as the process
  /// lives, so nothing that a client made up may be in it.
  private String route(HttpExchange exchange) {
    String path = exchange.getRequestURI().getPath();
    if (others.containsKey(path) || path.equals("/openapi.json")) {
      return path;
    }
    String[] parts = path.replaceAll("/+$", "").split("/", -1);
    if (parts.length < 3 || !parts[1].equals("v1") || !QUESTIONS.contains(parts[2])) {
      return "other";
    }
    String question = "/v1/" + parts[2];
    return switch (parts[2]) {
      case "builds" ->
          switch (parts.length) {
            case 3 -> Questions.watches(exchange) ? question + " (events)" : question;
            case 4 -> question + "/{id}";
            default -> parts[4].equals("log") ? question + "/{id}/log" : "other";
          };
      case "commands" ->
          (exchange.getRequestMethod().equals("POST") ? "POST " : "")
              + (parts.length > 3 ? question + "/{id}" : question);
      case "tree", "critical-path", "why" -> question + "/{what}";
      case "history", "trend" -> parts.length > 3 ? question + "/{name}" : question;
      default -> question;
    };
  }
}
