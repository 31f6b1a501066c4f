package dev.nixtape.streams;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.SequenceWriter;
import com.sun.net.httpserver.HttpExchange;
import dev.nixtape.projections.Behind;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildQuery;
import dev.nixtape.projections.Costs;
import dev.nixtape.projections.During;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.LogView;
import dev.nixtape.projections.NotKnown;
import dev.nixtape.projections.Parameters;
import dev.nixtape.projections.Projections;
import dev.nixtape.projections.StatsQuery;
import dev.nixtape.projections.TimeSpan;
import dev.nixtape.projections.TrendQuery;
import dev.nixtape.projections.control.CommandQuery;
import dev.nixtape.projections.control.CommandView;
import dev.nixtape.projections.history.Dimension;
import dev.nixtape.projections.operations.FailureGrouping;
import dev.nixtape.projections.tape.Topic;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.streams.errors.InvalidStateStoreException;

/// The questions over HTTP, as `openapi.json` describes them.
final class Questions implements QueryServer.Handler {
  /// How often a watcher's question is asked anew.
  private static final Duration WATCH = Duration.ofMillis(250);

  /// Bytes of a request.
  static final int MAX_BODY = 1 << 20;

  /// What is compared with as many days before when nothing else is asked for.
  private static final int COMPARED_DAYS = 7;

  private final Projections farm;
  private final Part local;
  private final Topics topics;
  private final LogReader log;
  private final DerivationQuestions derivations;
  private final CommandQuestions commands;
  private final Optional<Guarded> guarded;

  Questions(
      Projections farm,
      DerivationQuestions derivations,
      CommandQuestions commands,
      Part local,
      Topics topics,
      LogReader log,
      Optional<Guarded> guarded) {
    this.derivations = derivations;
    this.commands = commands;
    this.guarded = guarded;
    this.farm = farm;
    this.local = local;
    this.topics = topics;
    this.log = log;
  }

  /// A question that cannot be answered, and the status that says so.
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int status;

    Refused(int status, String why) {
      super(why);
      this.status = status;
    }
  }

  private record Problem(String error) {}

  private record Ready(String status) {}

  private record TopicsView(List<Topics.Size> topics, LogView log, Behind behind) {}

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try {
      answer(exchange);
    } catch (Refused e) {
      problem(exchange, e.status, e);
    } catch (NotKnown e) {
      problem(exchange, 404, e);
    } catch (IllegalArgumentException e) {
      problem(exchange, 400, e);
    } catch (InvalidStateStoreException e) {
      problem(
          exchange,
          503,
          new Refused(503, "the projections are being restored, ask again in a moment"));
    } catch (UncheckedIOException e) {
      problem(exchange, 503, e);
    }
  }

  private static void problem(HttpExchange exchange, int status, Exception why) throws IOException {
    if (exchange.getResponseCode() < 0) {
      send(exchange, status, new Problem(String.valueOf(why.getMessage())));
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    List<String> path =
        List.of(exchange.getRequestURI().getPath().replaceAll("^/+|/+$", "").split("/"));
    Map<String, String> asked = parameters(exchange.getRequestURI().getRawQuery());
    String method = exchange.getRequestMethod();
    if (method.equals("POST") && path.equals(List.of("v1", "commands"))) {
      send(exchange, 200, commands.issue(exchange, asked));
    } else if (method.equals("GET")) {
      answer(exchange, path, asked);
    } else {
      throw new Refused(405, "only GET is answered here, and POST at /v1/commands");
    }
  }

  private void answer(HttpExchange exchange, List<String> path, Map<String, String> asked)
      throws IOException {
    if (path.equals(List.of("openapi.json"))) {
      openApi(exchange);
      return;
    }
    if (!path.getFirst().equals("v1")) {
      throw notFound(exchange);
    }
    switch (path.size() > 1 ? path.get(1) : "") {
      case "builds" -> builds(exchange, path.subList(2, path.size()), asked);
      case "sessions" -> sendAll(exchange, farm.sessions(!"false".equals(asked.get("ended"))));
      case "history" -> {
        if (path.size() == 2) {
          sendAll(exchange, farm.names().stream());
        } else {
          Map<String, String> query = new HashMap<>(asked);
          query.put("name", String.join("/", path.subList(2, path.size())));
          query.put("kind", "build");
          query.putIfAbsent("show", "all");
          sendAll(exchange, farm.builds(BuildQuery.of(query)));
        }
      }
      case "stats" -> send(exchange, 200, farm.stats(StatsQuery.of(asked)));
      case "flaky" -> sendAll(exchange, farm.flaky(During.of(asked)).stream());
      case "failures" -> failures(exchange, During.of(asked));
      case "cost" -> {
        Parameters cost = During.parameters(asked, "by");
        Costs.By by = cost.constant(Costs.By.class, "by").orElse(Costs.By.USER);
        send(exchange, 200, farm.costs(During.of(cost), by));
      }
      case "cache" -> send(exchange, 200, farm.caches(During.of(asked)));
      case "waits" -> send(exchange, 200, farm.waits(During.of(asked)));
      case "trend" -> {
        if (path.size() == 2) {
          throw notFound(exchange);
        }
        send(exchange, 200, farm.trend(trend(path.subList(2, path.size()), asked)));
      }
      case "regressions" -> send(exchange, 200, farm.regressions(compared(asked)));
      case "hosts" -> sendAll(exchange, farm.hosts().stream());
      case "machines" -> sendAll(exchange, farm.machines().stream());
      case "topics" ->
          send(
              exchange,
              200,
              new TopicsView(
                  topics.sizes(Topic.ALL.stream().map(Topic::name).toList()),
                  LogView.of(farm.hosts()),
                  farm.behind()));
      case "status" -> {
        local.openSessions();
        send(exchange, 200, new Ready("ready"));
      }
      case "commands" -> {
        if (path.size() == 2) {
          sendAll(exchange, commands.commands(asked));
        } else {
          send(exchange, 200, commands.command(rest(path), asked, exchange));
        }
      }
      case "tree" ->
          send(exchange, 200, derivations.tree(rest(path), "true".equals(asked.get("all"))));
      case "critical-path" -> send(exchange, 200, derivations.criticalPath(rest(path)));
      case "why" -> send(exchange, 200, derivations.why(rest(path)));
      case "part" -> part(exchange, rest(path), asked);
      default -> throw notFound(exchange);
    }
  }

  private static String rest(List<String> path) {
    return String.join("/", path.subList(2, path.size()));
  }

  private static Refused notFound(HttpExchange exchange) {
    return new Refused(
        404, "nothing is at %s; see /openapi.json".formatted(exchange.getRequestURI().getPath()));
  }

  private void builds(HttpExchange exchange, List<String> path, Map<String, String> asked)
      throws IOException {
    if (path.isEmpty()) {
      if (watches(exchange)) {
        watch(exchange, BuildQuery.of(asked));
      } else {
        sendAll(exchange, farm.builds(BuildQuery.of(asked)));
      }
      return;
    }
    Build build = one(path.getFirst());
    if (path.size() == 1) {
      send(exchange, 200, build);
    } else if (path.get(1).equals("log")) {
      log(exchange, build, asked);
    } else {
      throw notFound(exchange);
    }
  }

  /// Whether who asks wants to be told what changes, too.
  static boolean watches(HttpExchange exchange) {
    return Objects.toString(exchange.getRequestHeaders().getFirst("Accept"), "")
        .contains("text/event-stream");
  }

  private Build one(String prefix) {
    List<Build> found = farm.build(prefix);
    if (found.isEmpty()) {
      throw new Refused(404, "no build's id begins with '%s'".formatted(prefix));
    }
    if (found.size() > 1) {
      throw new Refused(
          409,
          "several ids begin with '%s': %s"
              .formatted(
                  prefix, String.join(", ", found.stream().limit(5).map(Build::id).toList())));
    }
    return found.getFirst();
  }

  private void log(HttpExchange exchange, Build build, Map<String, String> asked)
      throws IOException {
    boolean follow = "true".equals(asked.get("follow"));
    long last = asked.containsKey("last") ? number("last", asked.get("last")) : Long.MAX_VALUE;
    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      if (last == Long.MAX_VALUE || follow) {
        long skip = last == Long.MAX_VALUE ? 0 : Math.max(0, build.logLines() - last);
        long[] seen = {0};
        log.read(
            build,
            follow,
            line -> {
              if (!line.isEmpty() && seen[0]++ < skip) {
                return true;
              }
              return write(out, line);
            });
        return;
      }
      Deque<String> lines = new ArrayDeque<>();
      log.read(
          build,
          false,
          line -> {
            lines.add(line);
            if (lines.size() > last) {
              lines.remove();
            }
            return true;
          });
      for (String line : lines) {
        write(out, line);
      }
    }
  }

  private void failures(HttpExchange exchange, During during) throws IOException {
    try (Stream<Build> failed = farm.failed(during)) {
      send(exchange, 200, FailureGrouping.of(failed, log::tails, during));
    }
  }

  private static boolean write(OutputStream out, String text) {
    try {
      out.write(text.getBytes(UTF_8));
      out.flush();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /// Server-sent events: `build` with what is new or changed, `gone` with the id of what the
  /// question no longer covers, `shown` when the picture is complete; a comment when nothing
  /// changed, so that either end notices when the other is gone.
  private void watch(HttpExchange exchange, BuildQuery query) throws IOException {
    Map<String, Build> now = ask(query);
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      Map<String, Build> shown = Map.of();
      while (write(out, changes(shown, now))) {
        Thread.sleep(WATCH);
        shown = now;
        try {
          now = ask(query);
        } catch (InvalidStateStoreException | UncheckedIOException e) {
          // Stores move, or an instance restarts: the picture stays until there is a new one.
          now = shown;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Map<String, Build> ask(BuildQuery query) {
    Map<String, Build> answer = new LinkedHashMap<>();
    try (Stream<Build> builds = farm.builds(query)) {
      builds.forEach(build -> answer.put(build.id(), build));
    }
    return answer;
  }

  private static String changes(Map<String, Build> shown, Map<String, Build> now) {
    StringBuilder events = new StringBuilder();
    for (Build build : now.values()) {
      if (!build.equals(shown.get(build.id()))) {
        events
            .append("event: build\ndata: ")
            .append(new String(Json.write(build), UTF_8))
            .append("\n\n");
      }
    }
    for (String id : shown.keySet()) {
      if (!now.containsKey(id)) {
        events.append("event: gone\ndata: ").append(id).append("\n\n");
      }
    }
    return events.isEmpty() && !shown.isEmpty() ? ":\n\n" : events + "event: shown\ndata:\n\n";
  }

  private static TrendQuery trend(List<String> name, Map<String, String> asked) {
    return TrendQuery.of(String.join("/", name), asked, Instant.now());
  }

  private static TimeSpan compared(Map<String, String> asked) {
    return During.of(asked).span(COMPARED_DAYS, Instant.now());
  }

  /// What one instance knows, for the others.
  private void part(HttpExchange exchange, String part, Map<String, String> asked)
      throws IOException {
    switch (part) {
      case "live" -> sendAll(exchange, local.live(BuildQuery.of(asked)).stream());
      case "finished" -> sendAll(exchange, local.finished(BuildQuery.of(asked)));
      case "sessions/open" -> sendAll(exchange, local.openSessions().stream());
      case "sessions/ended" -> sendAll(exchange, local.endedSessions());
      case "built" ->
          sendAll(
              exchange,
              local
                  .built(
                      paths(asked),
                      new Parameters(asked, "since", "paths").time("since").orElseThrow())
                  .stream());
      case "names" -> sendAll(exchange, local.names().stream());
      case "sums" -> sendAll(exchange, local.sums(StatsQuery.of(asked)).stream());
      case "times" -> sendAll(exchange, local.times(StatsQuery.of(asked)).stream());
      case "failed" -> sendAll(exchange, local.failed(During.of(asked)));
      case "flaky" -> sendAll(exchange, local.flaky(During.of(asked)).stream());
      case "slices" -> {
        Parameters slices = During.parameters(asked, "kind", "dimension");
        sendAll(
            exchange,
            local
                .slices(
                    slices.constant(Build.Kind.class, "kind").orElseThrow(),
                    slices.constant(Dimension.class, "dimension").orElseThrow(),
                    During.of(slices))
                .stream());
      }
      case "days" -> {
        Parameters days = During.parameters(asked, "dimension");
        Dimension dimension = days.constant(Dimension.class, "dimension").orElseThrow();
        sendAll(exchange, local.days(dimension, During.of(days)).stream());
      }
      case "rebuilds" -> sendAll(exchange, Stream.of(local.rebuilds(During.of(asked))));
      case "waits" -> sendAll(exchange, Stream.of(local.longestWaits(During.of(asked))));
      case "regressions" -> sendAll(exchange, Stream.of(local.tests(compared(asked))));
      case "hosts" -> sendAll(exchange, local.hosts().stream());
      case "using" -> sendAll(exchange, local.using().stream());
      case "commands" ->
          sendAll(exchange, local.commands(CommandQuery.of(asked)).map(CommandView::withoutSights));
      case "nodes" -> sendAll(exchange, local.nodes(paths(asked)).stream());
      case "derivations" -> sendAll(exchange, local.derivations(paths(asked)).stream());
      case "behind" -> sendAll(exchange, Stream.of(local.behind()));
      default -> {
        if (part.startsWith("finished/")) {
          sendAll(exchange, local.finishedById(part.substring("finished/".length())).stream());
        } else if (part.startsWith("trend/")) {
          String name = part.substring("trend/".length());
          sendAll(exchange, local.points(trend(List.of(name), asked)).stream());
        } else if (part.startsWith("command/")) {
          List<CommandView> found =
              local.command(CommandQuestions.id(part.substring("command/".length())));
          sendAll(
              exchange,
              found.stream().map(isInstance(exchange) ? view -> view : CommandView::withoutSights));
        } else {
          throw notFound(exchange);
        }
      }
    }
  }

  /// Whether another instance asks. Without a guard nobody can tell.
  private boolean isInstance(HttpExchange exchange) throws IOException {
    Optional<String> who = CommandQuestions.principal(exchange);
    return guarded.isPresent() && who.isPresent() && guarded.get().isInstance(who.get());
  }

  private static void openApi(HttpExchange exchange) throws IOException {
    try (InputStream document =
        Objects.requireNonNull(Questions.class.getResourceAsStream("openapi.json"))) {
      byte[] bytes = document.readAllBytes();
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private static void send(HttpExchange exchange, int status, Object answer) throws IOException {
    byte[] json = Json.write(answer);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, json.length);
    exchange.getResponseBody().write(json);
  }

  /// An array, written as it is read: an answer may be larger than memory. When reading fails on
  /// the way, the array stays open: half an answer must not look like a whole one.
  static void sendAll(HttpExchange exchange, Stream<?> answers) throws IOException {
    try (answers) {
      var rows = answers.iterator();
      // The first row is read before the status is sent: what fails, fails here.
      boolean more = rows.hasNext();
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, 0);
      OutputStream out = new Unflushed(exchange.getResponseBody());
      SequenceWriter array = Json.MAPPER.writer().writeValuesAsArray(out);
      for (; more; more = rows.hasNext()) {
        array.write(rows.next());
      }
      array.close();
    }
  }

  /// A sequence writer flushes after each value, which would make each a chunk of its own.
  private static final class Unflushed extends FilterOutputStream {
    Unflushed(OutputStream out) {
      super(new java.io.BufferedOutputStream(out, 64 * 1024));
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      out.write(bytes, from, length);
    }

    @Override
    public void flush() {}
  }

  private static Map<String, String> parameters(@org.jspecify.annotations.Nullable String query) {
    Map<String, String> parameters = new HashMap<>();
    if (query != null && !query.isEmpty()) {
      for (String pair : query.split("&", -1)) {
        int equals = pair.indexOf('=');
        if (equals <= 0) {
          throw new IllegalArgumentException("parameters are name=value, not '%s'".formatted(pair));
        }
        parameters.put(
            URLDecoder.decode(pair.substring(0, equals), UTF_8),
            URLDecoder.decode(pair.substring(equals + 1), UTF_8));
      }
    }
    return parameters;
  }

  private static List<String> paths(Map<String, String> asked) {
    return List.of(asked.getOrDefault("paths", "").split(","));
  }

  private static long number(String name, String text) {
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("%s: a number, not '%s'".formatted(name, text), e);
    }
  }
}
