package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.cli.doctor.Doctor;
import dev.nixtape.cli.doctor.Finding;
import dev.nixtape.cli.doctor.Finding.Level;
import dev.nixtape.cli.doctor.Machine;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "doctor",
    description = "Is this machine's Nix recorded, and if not, why? With what to do.",
    footer = {
      "",
      "Exit status: 0 nothing is wrong, 1 something is.",
      "",
      "Examples:",
      "  sudo nixtape doctor            root sees every user's part of it",
      "  nixtape doctor -o json         for monitoring"
    })
final class DoctorCommand implements Callable<Integer> {
  /// Where a shim without a query server beside it answers.
  private static final String SHIM = "http://127.0.0.1:7071/v1/shim";

  private static final String INDENT = "  ";

  enum Form {
    TABLE,
    JSON
  }

  @Spec CommandSpec spec = CommandSpec.create();
  @Mixin KafkaOptions kafka = new KafkaOptions();
  @Mixin SocketOptions socket = new SocketOptions();
  @Mixin Server server = new Server();

  @Option(
      names = "--shim",
      paramLabel = "URL",
      description =
          "Where this machine's shim tells how it is (default: the server, then " + SHIM + ").")
  Optional<String> shim = Optional.empty();

  @Option(
      names = "--spool",
      paramLabel = "DIR",
      description =
          "The shim's spool, to look at when no shim answers (default: spool in the data directory).")
  Optional<Path> spool = Optional.empty();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      defaultValue = "TABLE",
      description = "table or json (default: table).")
  Form form = Form.TABLE;

  @Override
  public Integer call() {
    Machine machine = Machine.here();
    List<Finding> findings = Doctor.examine(machine, setup(machine));
    PrintWriter out = spec.commandLine().getOut();
    if (form == Form.JSON) {
      out.println(Asked.json(findings));
    } else {
      print(findings, Screen.colours(), Screen.columns(), out);
    }
    return findings.stream().anyMatch(finding -> finding.level() == Level.WRONG)
        ? Failure.FAILED
        : 0;
  }

  private Doctor.Setup setup(Machine machine) {
    URI query = url("--server", server.address);
    List<URI> shims =
        shim.map(named -> List.of(url("--shim", named)))
            .orElseGet(() -> List.of(URI.create(query + "/v1/shim"), URI.create(SHIM)));
    if (spool.isPresent() && !Files.isDirectory(spool.get())) {
      throw new Failure(
          Failure.USAGE, "--spool: %s is no directory that is there".formatted(spool.get()));
    }
    boolean named =
        spec.commandLine().getParseResult().hasMatchedOption("--server")
            || machine.environment().containsKey("NIXTAPE_SERVER");
    return new Doctor.Setup(
        socket.host().name(),
        socket.path(),
        spool
            .orElseGet(() ->
                Places.data(machine.environment(), machine.user(), machine.home()).resolve("spool"))
            .toAbsolutePath(),
        shims,
        new Doctor.QueryServer(query, named, server::introduce),
        new Doctor.Kafka(kafka.bootstrapServers, kafka.servers(), kafka.settings()));
  }

  private static URI url(String option, String text) {
    try {
      return Doctor.url(text);
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, option + ": " + e.getMessage());
    }
  }

  /// A line for each finding, wrapped at its column, and what to do below.
  static void print(List<Finding> findings, boolean colours, int columns, PrintWriter out) {
    int about = findings.stream().mapToInt(finding -> finding.about().length()).max().orElse(0);
    String column = " ".repeat(1 + 1 + about + INDENT.length());
    for (Finding finding : findings) {
      Mark mark = Mark.of(finding.level());
      List<String> what = wrap(Table.clean(finding.what()), columns - column.length());
      out.println(
          "%s %s%s%s%s"
              .formatted(
                  paint(mark.style, mark.sign, colours),
                  finding.about(),
                  " ".repeat(about - finding.about().length()),
                  INDENT,
                  what.getFirst()));
      what.stream().skip(1).forEach(line -> out.println(column + line));
      if (finding.todo() != null) {
        List<String> todo = wrap(Table.clean(finding.todo()), columns - column.length() - 2);
        for (int i = 0; i < todo.size(); i++) {
          out.println(
              column
                  + (i == 0 ? paint(mark.style, "→ ", colours) : INDENT)
                  + paint(Style.BOLD, todo.get(i), colours && finding.level() == Level.WRONG));
        }
      }
    }
    long wrong = findings.stream().filter(finding -> finding.level() == Level.WRONG).count();
    out.println();
    out.println(
        wrong == 0
            ? paint(Style.GREEN, "Nothing is wrong.", colours)
            : paint(
                Style.RED,
                wrong == 1 ? "One thing is wrong." : "%d things are wrong.".formatted(wrong),
                colours));
  }

  private enum Mark {
    OK("✓", Style.GREEN),
    NOTE("•", Style.YELLOW),
    WRONG("✗", Style.RED);

    private final String sign;
    private final Style style;

    Mark(String sign, Style style) {
      this.sign = sign;
      this.style = style;
    }

    static Mark of(Level level) {
      return switch (level) {
        case OK -> OK;
        case NOTE -> NOTE;
        case WRONG -> WRONG;
      };
    }
  }

  private static String paint(Style style, String text, boolean colours) {
    return colours ? style.paint(text) : text;
  }

  /// Lines of whole words; a word that is wider than the screen stays whole, to be copied.
  private static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > Math.max(20, width)) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
