package dev.nixtape.cli;

import dev.nixtape.projections.Failures;
import dev.nixtape.projections.Failures.Group;
import dev.nixtape.projections.Rfc3339;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "failures",
    description = {
      "Why builds failed: those for the same reason, with the same last words, together.",
      "Of the last 30 days, unless a period is given."
    },
    footer = {
      "",
      "LAST WORDS is the last line of the log that says why; numbers, hashes and folders are left out.",
      "",
      "Example:",
      "  nixtape failures -d 7"
    })
final class FailuresCommand implements Callable<Integer> {
  private static final int SHOWN = 2;

  @Mixin Asked asked = new Asked();
  @Mixin Period period = new Period();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    Instant now = Instant.now();
    PrintWriter out = spec.commandLine().getOut();
    String path = "/v1/failures?" + period.lately(now).toParameters();
    if (asked.form == Asked.Form.JSON) {
      asked.server.copy(path, out);
      return 0;
    }
    Failures failures = asked.server.one(path, Failures.class);
    if (asked.form == Asked.Form.CSV) {
      table(now).csv(failures.groups(), out);
    } else if (failures.groups().isEmpty()) {
      out.println("No build failed in that time.");
    } else {
      table(now).print(failures.groups(), out);
      if (failures.logsRead() < failures.failed()) {
        out.println(
            "Of %d of %d failures the end of the log is known: of the others there are no last words."
                .formatted(failures.logsRead(), failures.failed()));
      }
    }
    return 0;
  }

  private static Table<Group> table(Instant now) {
    return new Table<Group>()
        .number("COUNT", Group::count)
        .left("REASON", Group::reason)
        .flexible(
            "LAST WORDS", FailuresCommand::line, _ -> Screen.Style.BOLD, FailuresCommand::line)
        .right("PACKAGES", group -> some(group.packages()), group -> all(group.packages()))
        .right("HOSTS", group -> some(group.hosts()), group -> all(group.hosts()))
        .right(
            "FIRST",
            group -> BuildRows.time(group.firstAt(), now),
            group -> Rfc3339.write(group.firstAt()))
        .right(
            "LAST",
            group -> BuildRows.time(group.lastAt(), now),
            group -> Rfc3339.write(group.lastAt()))
        .right("EXAMPLE", group -> BuildRows.shortId(group.example()), Group::example);
  }

  private static String line(Group group) {
    return group.line() == null ? "" : group.line();
  }

  private static String some(List<String> names) {
    return names.size() <= SHOWN
        ? String.join(" ", names)
        : String.join(" ", names.subList(0, SHOWN)) + " +" + (names.size() - SHOWN);
  }

  private static String all(List<String> names) {
    return String.join(" ", names);
  }
}
