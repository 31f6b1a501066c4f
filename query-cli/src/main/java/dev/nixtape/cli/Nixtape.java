package dev.nixtape.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/// `nixtape`: every subcommand of it.
@Command(
    name = "nixtape",
    version = "nixtape " + Nixtape.VERSION,
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    synopsisSubcommandLabel = "COMMAND",
    description = "Keeps every event that Nix emits, and answers what builds did, do and cost.",
    footer = {
      "",
      "Start with:",
      "  nixtape up                 record this machine's Nix, and answer questions",
      "  nixtape builds -w          what builds now",
      "  nixtape run -- nix build   record one command without any setup of Nix",
      "",
      "Exit status: 0 ok, 1 failed, 2 wrong usage, 3 nothing found, 4 no server;",
      "of commands to builds also 5 refused, 6 expired, 7 no answer from an agent"
    })
public final class Nixtape implements Runnable {
  static final String VERSION = "0.1.0";

  /// By name. picocli looks at a command's every option when it is added: all of them take as long
  /// as a question and its answer.
  private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("up", UpCommand.class);
    COMMANDS.put("builds", BuildsCommand.class);
    COMMANDS.put("build", BuildCommand.class);
    COMMANDS.put("log", LogCommand.class);
    COMMANDS.put("tree", TreeCommand.class);
    COMMANDS.put("why", WhyCommand.class);
    COMMANDS.put("critical-path", CriticalPathCommand.class);
    COMMANDS.put("sessions", SessionsCommand.class);
    COMMANDS.put("history", HistoryCommand.class);
    COMMANDS.put("stats", StatsCommand.class);
    COMMANDS.put("flaky", FlakyCommand.class);
    COMMANDS.put("failures", FailuresCommand.class);
    COMMANDS.put("cost", CostCommand.class);
    COMMANDS.put("cache", CacheCommand.class);
    COMMANDS.put("waits", WaitsCommand.class);
    COMMANDS.put("trend", TrendCommand.class);
    COMMANDS.put("regressions", RegressionsCommand.class);
    COMMANDS.put("hosts", HostsCommand.class);
    COMMANDS.put("machines", MachinesCommand.class);
    COMMANDS.put("kill", KillCommand.class);
    COMMANDS.put("freeze", FreezeCommand.class);
    COMMANDS.put("thaw", ThawCommand.class);
    COMMANDS.put("nice", NiceCommand.class);
    COMMANDS.put("limit", LimitCommand.class);
    COMMANDS.put("signal", SignalCommand.class);
    COMMANDS.put("ps", PsCommand.class);
    COMMANDS.put("env", EnvCommand.class);
    COMMANDS.put("audit", AuditCommand.class);
    COMMANDS.put("sql", SqlCommand.class);
    COMMANDS.put("export", ExportCommand.class);
    COMMANDS.put("topics", TopicsCommand.class);
    COMMANDS.put("doctor", DoctorCommand.class);
    COMMANDS.put("clean", CleanCommand.class);
    COMMANDS.put("run", RunCommand.class);
    COMMANDS.put("ingest", IngestCommand.class);
    COMMANDS.put("streams", StreamsCommand.class);
    COMMANDS.put("control", ControlCommand.class);
    COMMANDS.put("key", KeyCommand.class);
    COMMANDS.put("train-questions", TrainQuestionsCommand.class);
    COMMANDS.put("train-shim", TrainShimCommand.class);
    COMMANDS.put("train-server", TrainServerCommand.class);
  }

  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command?");
  }

  /// The program, ready to execute.
  ///
  /// @param args with the name of a command first: that command alone is there; otherwise all of
  ///   them
  static CommandLine commandLine(String... args) {
    CommandLine line = new CommandLine(new Nixtape());
    Class<?> only = args.length == 0 ? null : COMMANDS.get(args[0]);
    if (only != null) {
      line.addSubcommand(only);
    } else {
      COMMANDS.values().forEach(line::addSubcommand);
      line.addSubcommand("completion", completion());
    }
    return line.setColorScheme(
            CommandLine.Help.defaultColorScheme(Screen.colours() ? Ansi.ON : Ansi.OFF))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(Math.clamp(Screen.columns(), 80, 110))
        .setParameterExceptionHandler(Nixtape::wrongUsage)
        .setExecutionExceptionHandler((failure, command, _) -> {
          PrintWriter err = command.getErr();
          err.println("nixtape: " + failure.getMessage());
          if (failure instanceof Failure known) {
            return known.exitCode();
          }
          if (System.getenv("NIXTAPE_DEBUG") != null) {
            failure.printStackTrace(err);
          }
          return Failure.FAILED;
        });
  }

  private static CommandLine completion() {
    CommandLine completion = new CommandLine(new GenerateCompletion());
    completion
        .getCommandSpec()
        .usageMessage()
        .description("Prints a completion script: source <(nixtape completion) in bash or zsh.");
    return completion;
  }

  /// One sentence and where to read on: the whole usage would push the sentence off the screen.
  private static int wrongUsage(ParameterException wrong, String[] args) {
    CommandLine command = wrong.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("nixtape: " + wrong.getMessage());
    UnmatchedArgumentException.printSuggestions(wrong, err);
    err.println("see '%s --help'".formatted(command.getCommandSpec().qualifiedName()));
    return Failure.USAGE;
  }

  public static void main(String[] args) {
    System.exit(commandLine(args).execute(args));
  }
}
