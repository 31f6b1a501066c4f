package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.CommandRequest.Answer;
import dev.nixtape.projections.control.CommandRequest.Issued;
import dev.nixtape.projections.control.CommandRequest.Relayed;
import dev.nixtape.projections.control.CommandRequest.SpokenFor;
import dev.nixtape.projections.control.CommandView;
import dev.nixtape.projections.control.Plan;
import dev.nixtape.projections.control.Result;
import dev.nixtape.projections.control.Result.Done;
import dev.nixtape.projections.control.Result.Expired;
import dev.nixtape.projections.control.Result.Refused;
import dev.nixtape.projections.control.Result.Shown;
import dev.nixtape.projections.control.SigningKey;
import dev.nixtape.projections.control.Targets;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/// What every command to builds has: which builds, why, until when; and how it is issued.
final class Orders {
  /// What their help ends with.
  static final String EXITS =
      "Exit status: 0 done, 1 not wanted after all, 2 wrong usage, 3 nothing found, 4 no server, 5 refused, 6 expired, 7 no answer from an agent.";

  /// A result is on its way for a moment after the agent had to act.
  private static final Duration WAY = Duration.ofSeconds(3);

  /// For how long the server is asked to hold an answer back, seconds.
  private static final long WAIT = 20;

  private static final Pattern PATIENCE = Pattern.compile("([0-9]{1,4})([sm])");

  @Mixin Asked asked = new Asked();

  @Option(
      names = "--drv",
      paramLabel = "DRV",
      description = "Builds of this derivation: its path, its name, or its name without version.")
  @Nullable String drv;

  @Option(
      names = "--session",
      paramLabel = "SESSION",
      description = "Builds of this run of a Nix program, as nixtape sessions names it.")
  @Nullable String session;

  @Option(names = "--user", paramLabel = "USER", description = "Builds for this user or uid.")
  @Nullable String user;

  @Option(names = "--host", paramLabel = "HOST", description = "Builds that this host tells of.")
  @Nullable String host;

  @Option(names = "--all", description = "All builds that run, on all hosts.")
  boolean all;

  @Option(
      names = "--reason",
      paramLabel = "TEXT",
      description = "Why; it is kept with the command.")
  String reason = "";

  @Option(
      names = "--deadline",
      paramLabel = "TIME",
      defaultValue = "30s",
      description =
          "How long an agent has: 10s, 5m; one that comes later does nothing (default: ${DEFAULT-VALUE}).")
  String deadline = "30s";

  @Option(names = "--dry-run", description = "Only say which builds that are, and on which hosts.")
  boolean dryRun;

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask, even when it is more than one build.")
  boolean yes;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description =
          "Sign with this key (default: key in $$XDG_CONFIG_HOME/nixtape if it is there; else the server signs, if it knows you).")
  Optional<Path> key = Optional.empty();

  /// A build and what became of its command.
  ///
  /// @param command null when it was not issued, or the server has not read it yet
  /// @param left why it was not issued
  record Outcome(Build build, String host, @Nullable CommandView command, @Nullable String left) {
    @Nullable Result result() {
      return command == null ? null : command.result();
    }

    /// What was seen of the build; nothing when there was nothing to see, or it is not told here.
    Optional<Shown> sights() {
      Result result = result();
      return result != null
              && result.ending() instanceof Shown shown
              && (shown.processes() != null || shown.environment() != null)
          ? Optional.of(shown)
          : Optional.empty();
    }

    String state() {
      return left == null ? CommandRows.state(result()) : "refused";
    }

    Style colour() {
      return left == null ? CommandRows.colour(result()) : Style.RED;
    }

    String detail() {
      Result result = result();
      if (left != null) {
        return left;
      }
      if (result == null) {
        return "is 'nixtape control agent' running on %s, and does it reach Kafka?".formatted(host);
      }
      return result.ending() instanceof Shown && sights().isEmpty()
          ? "to who asked for it alone, at the server's UNIX socket or with their token"
          : CommandRows.detail(result);
    }

    int exitCode() {
      Result result = result();
      if (left != null) {
        return Failure.REFUSED;
      }
      return result == null
          ? Failure.NO_ANSWER
          : switch (result.ending()) {
            case Done _ -> 0;
            case Shown _ -> sights().isPresent() ? 0 : Failure.REFUSED;
            case Refused _ -> Failure.REFUSED;
            case Expired _ -> Failure.EXPIRED;
          };
    }
  }

  /// Prints what was seen of builds.
  interface Sights {
    void print(List<Outcome> seen, boolean csv, PrintWriter out);
  }

  /// Has an action carried out, and prints what became of it.
  ///
  /// @param ids of builds, or their beginnings
  /// @return the exit status: the worst of all
  int execute(Action action, List<String> ids, CommandSpec spec) throws IOException {
    return execute(action, ids, true, (all, csv, out) -> print(all, csv, out), spec);
  }

  /// The same for an action that only looks.
  int look(Action action, List<String> ids, Sights sights, CommandSpec spec) throws IOException {
    return execute(
        action,
        ids,
        false,
        (all, csv, out) -> {
          List<Outcome> seen = all.stream().filter(each -> each.sights().isPresent()).toList();
          if (!seen.isEmpty()) {
            sights.print(seen, csv, out);
          }
          PrintWriter err = spec.commandLine().getErr();
          all.stream()
              .filter(each -> each.sights().isEmpty())
              .forEach(each ->
                  err.println(
                      "nixtape: %s (%s): %s: %s"
                          .formatted(
                              Table.clean(each.build().name()),
                              BuildRows.shortId(each.build()),
                              each.state(),
                              Table.clean(each.detail()))));
        },
        spec);
  }

  private int execute(
      Action action, List<String> ids, boolean changes, Sights sights, CommandSpec spec)
      throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Duration patience = patience();
    Targets targets = targets(ids);
    Optional<SigningKey> signing = signing();
    Server server = asked.server.knowing();
    Plan plan =
        server.one(
            "/v1/commands?dryRun=true", new SpokenFor(action, targets, null, null), Plan.class);
    if (dryRun) {
      show(plan, out);
      return 0;
    }
    if (plan.steps().size() > 1 && changes && !yes) {
      show(plan, out);
      if (!agreed(
          "%s these %d builds? [y/N] ".formatted(CommandRows.words(action), plan.steps().size()),
          Optional.ofNullable(System.console()).filter(Console::isTerminal).map(Console::reader),
          out)) {
        throw new Failure(Failure.FAILED, "nothing was done");
      }
    }
    List<Outcome> outcomes = carryOut(action, plan, patience, signing, server);
    if (asked.form == Asked.Form.JSON) {
      out.println(Asked.json(outcomes));
    } else {
      sights.print(outcomes, asked.form == Asked.Form.CSV, out);
    }
    return outcomes.stream().mapToInt(Outcome::exitCode).max().orElse(0);
  }

  private List<Outcome> carryOut(
      Action action, Plan plan, Duration patience, Optional<SigningKey> signing, Server server)
      throws IOException {
    List<Outcome> outcomes = new ArrayList<>();
    if (!plan.steps().isEmpty()) {
      Map<String, UUID> issued = issue(server, action, plan, patience, signing);
      long until = System.nanoTime() + patience.plus(WAY).toNanos();
      for (Plan.Step step : plan.steps()) {
        UUID id = issued.get(step.build().id());
        outcomes.add(
            id == null
                ? new Outcome(step.build(), step.host(), null, "it ended just now")
                : new Outcome(step.build(), step.host(), await(server, id, until), null));
      }
    }
    for (Plan.Left left : plan.left()) {
      outcomes.add(new Outcome(left.build(), left.build().host(), null, left.why()));
    }
    return outcomes;
  }

  private Targets targets(List<String> ids) {
    try {
      return new Targets(ids, drv, session, user, host, all);
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, String.valueOf(e.getMessage()));
    }
  }

  private Duration patience() {
    Matcher time = PATIENCE.matcher(deadline);
    if (time.matches()) {
      long number = Long.parseLong(time.group(1));
      Duration patience =
          time.group(2).equals("s") ? Duration.ofSeconds(number) : Duration.ofMinutes(number);
      if (patience.isPositive() && patience.compareTo(Command.LONGEST) <= 0) {
        return patience;
      }
    }
    throw new Failure(
        Failure.USAGE,
        "--deadline: from 1s to %dm, not '%s'".formatted(Command.LONGEST.toMinutes(), deadline));
  }

  private void show(Plan plan, PrintWriter out) {
    Instant now = Instant.now();
    Table<Plan.Step> table =
        new Table<Plan.Step>()
            .left("ID", step -> BuildRows.shortId(step.build()), _ -> Style.DIM)
            .left("NAME", step -> step.build().name(), _ -> Style.BOLD)
            .time("TIME", step -> step.build().elapsed(now).toMillis())
            .left("FOR", step -> BuildRows.user(step.build()))
            .left("HOST", Plan.Step::host);
    switch (asked.form) {
      case JSON -> out.println(Asked.json(plan));
      case CSV -> table.csv(plan.steps(), out);
      case TABLE -> {
        if (!plan.steps().isEmpty()) {
          table.print(plan.steps(), out);
        }
        for (Plan.Left left : plan.left()) {
          out.println(
              "not %s (%s): %s"
                  .formatted(
                      Table.clean(left.build().name()),
                      BuildRows.shortId(left.build()),
                      Table.clean(left.why())));
        }
      }
    }
  }

  /// @param answers of whoever sits at the terminal
  static boolean agreed(String question, Optional<? extends Reader> answers, PrintWriter out)
      throws IOException {
    if (answers.isEmpty()) {
      throw new Failure(
          Failure.USAGE, "that is more than one build, and nobody is here to ask: say --yes");
    }
    out.print(question);
    out.flush();
    String answer = new BufferedReader(answers.get()).readLine();
    return answer != null && answer.trim().matches("(?i)y|yes");
  }

  /// The ids of the commands, by build.
  private Map<String, UUID> issue(
      Server server, Action action, Plan plan, Duration patience, Optional<SigningKey> signing)
      throws IOException {
    Object request =
        signing.isPresent()
            ? new Relayed(
                commands(action, plan, patience).stream().map(signing.get()::sign).toList())
            : new SpokenFor(
                action,
                Targets.of(plan.steps().stream().map(step -> step.build().id()).toList()),
                reason,
                patience.toMillis());
    Map<String, UUID> ids = new HashMap<>();
    for (Issued issued : server.one("/v1/commands", request, Answer.class).issued()) {
      ids.put(issued.target().build(), issued.id());
    }
    return ids;
  }

  private Optional<SigningKey> signing() {
    Path usual = Places.config().resolve("key");
    return key.or(() -> Files.exists(usual) ? Optional.of(usual) : Optional.empty())
        .map(KeyFile::read);
  }

  private List<Command> commands(Action action, Plan plan, Duration patience) {
    Instant now = Instant.now();
    SecureRandom random = new SecureRandom();
    return plan.steps().stream()
        .map(step ->
            new Command(
                Command.id(now, random.nextLong(), random.nextLong()),
                step.host(),
                step.target(),
                action,
                System.getProperty("user.name"),
                now,
                now.plus(patience),
                reason))
        .toList();
  }

  /// The command with its result, or without when none came in time.
  private static @Nullable CommandView await(Server server, UUID id, long until)
      throws IOException {
    while (true) {
      long left = Math.max(0, Duration.ofNanos(until - System.nanoTime()).toSeconds());
      CommandView view = null;
      try {
        view =
            server.one(
                "/v1/commands/%s?wait=%d".formatted(id, Math.min(WAIT, left)), CommandView.class);
      } catch (Failure notThere) {
        if (notThere.exitCode() != Failure.NOTHING_FOUND) {
          throw new Failure(
              notThere.exitCode(),
              "it is on record ('nixtape audit'), but what becomes of it is not told: "
                  + notThere.getMessage());
        }
      }
      if (left == 0 || (view != null && view.result() != null)) {
        return view;
      }
    }
  }

  private static void print(List<Outcome> outcomes, boolean csv, PrintWriter out) {
    Table<Outcome> table =
        new Table<Outcome>()
            .left("ID", outcome -> BuildRows.shortId(outcome.build()), _ -> Style.DIM)
            .left("NAME", outcome -> outcome.build().name(), _ -> Style.BOLD)
            .left("HOST", Outcome::host)
            .left("RESULT", Outcome::state, Outcome::colour)
            .flexible("DETAIL", Outcome::detail, _ -> Style.PLAIN, Outcome::detail);
    if (csv) {
      table.csv(outcomes, out);
    } else {
      table.print(outcomes, out);
    }
  }
}
