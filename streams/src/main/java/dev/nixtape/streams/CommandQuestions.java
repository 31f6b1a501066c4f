package dev.nixtape.streams;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildQuery;
import dev.nixtape.projections.BuildQuery.Show;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.NotKnown;
import dev.nixtape.projections.Parameters;
import dev.nixtape.projections.Projections;
import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.CommandQuery;
import dev.nixtape.projections.control.CommandRequest;
import dev.nixtape.projections.control.CommandRequest.Answer;
import dev.nixtape.projections.control.CommandRequest.Relayed;
import dev.nixtape.projections.control.CommandRequest.SpokenFor;
import dev.nixtape.projections.control.CommandView;
import dev.nixtape.projections.control.Commands;
import dev.nixtape.projections.control.Plan;
import dev.nixtape.projections.control.Targets;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Commands to builds: planned, put on record, asked for.
final class CommandQuestions {
  private static final String ROOT = "root";

  /// How often an answer is looked for while somebody waits for it.
  private static final Duration LOOK = Duration.ofMillis(100);

  /// Seconds that somebody may wait for an answer.
  private static final long MAX_WAIT = 60;

  /// Commands of one request, and characters of a reason.
  private static final int MAX_COMMANDS = 1000;

  private static final int MAX_REASON = 1000;

  private final Projections builds;
  private final Commands commands;
  private final DerivationQuestions runs;
  private final Issuing issuing;

  CommandQuestions(
      Projections builds, Commands commands, DerivationQuestions runs, Issuing issuing) {
    this.builds = builds;
    this.commands = commands;
    this.runs = runs;
    this.issuing = issuing;
  }

  /// A command as who asks may see it: what `ps` and `env` show is for the issuer, and for root.
  /// Waits for a result if that is wanted.
  CommandView command(String text, Map<String, String> asked, HttpExchange exchange)
      throws IOException {
    UUID id = id(text);
    long wait = new Parameters(asked, "wait").number("wait").orElse(0L);
    if (wait < 0 || wait > MAX_WAIT) {
      throw new IllegalArgumentException(
          "wait: seconds from 0 to %d, not %d".formatted(MAX_WAIT, wait));
    }
    long deadline = System.nanoTime() + Duration.ofSeconds(wait).toNanos();
    Optional<CommandView> found = commands.command(id);
    while (found.flatMap(view -> Optional.ofNullable(view.result())).isEmpty()
        && System.nanoTime() < deadline) {
      try {
        Thread.sleep(LOOK);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while somebody waited for a result", e);
      }
      found = commands.command(id);
    }
    CommandView view =
        found.orElseThrow(() -> new Questions.Refused(404, "no command has the id " + id));
    String issuer = view.command().issuer();
    return principal(exchange).filter(who -> who.equals(ROOT) || who.equals(issuer)).isPresent()
        ? view
        : view.withoutSights();
  }

  /// Newest first.
  Stream<CommandView> commands(Map<String, String> asked) {
    return commands.commands(CommandQuery.of(asked));
  }

  static UUID id(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("a command's id is a UUID, not '%s'".formatted(text), e);
    }
  }

  static Optional<String> principal(HttpExchange exchange) {
    HttpPrincipal principal = exchange.getPrincipal();
    return principal == null ? Optional.empty() : Optional.of(principal.getUsername());
  }

  /// A `Plan` when only that is wanted, else what was issued.
  Object issue(HttpExchange exchange, Map<String, String> asked) throws IOException {
    boolean dryRun = new Parameters(asked, "dryRun").flag("dryRun");
    Instant now = Instant.now();
    return switch (request(exchange)) {
      case Relayed relayed when dryRun ->
          throw new IllegalArgumentException(
              "dryRun: signed commands say themselves what they are for");
      case Relayed relayed -> {
        requireFew(relayed.signed().size());
        yield new Answer(issuing.relay(relayed.signed(), now), List.of());
      }
      case SpokenFor spoken when dryRun -> plan(spoken.targets());
      case SpokenFor spoken -> {
        String issuer = issuer(exchange);
        Plan plan = plan(spoken.targets());
        yield new Answer(
            issuing.issue(plan, spoken.action(), issuer, reason(spoken), patience(spoken), now),
            plan.left());
      }
    };
  }

  private static CommandRequest request(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readNBytes(Questions.MAX_BODY + 1);
    if (body.length > Questions.MAX_BODY) {
      throw new Questions.Refused(
          413, "the request is longer than %d bytes".formatted(Questions.MAX_BODY));
    }
    try {
      return Json.MAPPER.readValue(body, CommandRequest.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no request for commands: " + e.getOriginalMessage(), e);
    }
  }

  /// Whom the server speaks for: who asks. The kernel's word for "none of your users" is nobody's
  /// name here, and neither is a bare uid.
  private static String issuer(HttpExchange exchange) {
    String who =
        principal(exchange)
            .orElseThrow(() ->
                new Questions.Refused(
                    401,
                    "nobody knows who asks here: ask at the UNIX socket of this server, with a token over TLS, or sign the commands with a key of your own (docs/security.md)"));
    if (who.equals("nobody") || who.matches("[0-9]+")) {
      throw new Questions.Refused(
          403, "the user %s has no name here that a policy could allow anything to".formatted(who));
    }
    return who;
  }

  private static String reason(SpokenFor request) {
    String reason = Objects.requireNonNullElse(request.reason(), "");
    if (reason.length() > MAX_REASON) {
      throw new IllegalArgumentException(
          "reason: at most %d characters, not %d".formatted(MAX_REASON, reason.length()));
    }
    return reason;
  }

  private static Duration patience(SpokenFor request) {
    if (request.deadlineMs() == null) {
      return Command.PATIENCE;
    }
    Duration patience = Duration.ofMillis(request.deadlineMs());
    if (!patience.isPositive() || patience.compareTo(Command.LONGEST) > 0) {
      throw new IllegalArgumentException(
          "deadlineMs: from 1 to %d, not %d"
              .formatted(Command.LONGEST.toMillis(), request.deadlineMs()));
    }
    return patience;
  }

  private static void requireFew(int commands) {
    if (commands > MAX_COMMANDS) {
      throw new IllegalArgumentException(
          "at most %d commands at a time, not %d".formatted(MAX_COMMANDS, commands));
    }
  }

  private Plan plan(Targets targets) {
    List<Build> running;
    try (Stream<Build> all = builds.builds(BuildQuery.of(Show.RUNNING))) {
      running = all.toList();
    }
    Plan plan =
        Plan.of(
            targets.builds().isEmpty()
                ? targets.among(running, run(targets))
                : named(targets.builds(), running),
            running);
    requireFew(plan.steps().size());
    return plan;
  }

  private Collection<String> run(Targets targets) {
    return targets.session() == null ? List.of() : runs.sessions(targets.session());
  }

  private List<Build> named(List<String> prefixes, List<Build> running) {
    List<Build> named = new ArrayList<>();
    for (String prefix : prefixes) {
      List<Build> found = builds.build(prefix);
      if (found.isEmpty()) {
        throw new NotKnown(
            "no build's id begins with '%s'".formatted(prefix),
            prefix,
            running.stream()
                .filter(build -> build.kind() == Build.Kind.BUILD)
                .flatMap(build -> Stream.of(build.id(), build.name()))
                .toList());
      }
      if (found.size() > 1) {
        throw new Questions.Refused(
            409,
            "several ids begin with '%s': %s"
                .formatted(
                    prefix,
                    found.stream().limit(5).map(Build::id).collect(Collectors.joining(", "))));
      }
      named.add(found.getFirst());
    }
    return named;
  }
}
