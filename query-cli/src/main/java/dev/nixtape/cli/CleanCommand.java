package dev.nixtape.cli;

import dev.nixtape.projections.tape.Topic;
import dev.nixtape.streams.Cleaning;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "clean",
    description = "Deletes what was recorded, from the log and from all that is derived of it.",
    footer = {
      "",
      "Examples:",
      "  nixtape clean --before-days 90 --dry-run   how much that would be",
      "  nixtape clean --before-days 90             asks, then deletes what is older than 90 days",
      "",
      "It cannot be undone. What runs goes on being recorded."
    })
final class CleanCommand implements Callable<Integer> {
  @Mixin KafkaOptions kafka = new KafkaOptions();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--before-days",
      paramLabel = "N",
      description = "Only what is older than N days (UTC); default: everything.")
  Optional<Integer> days = Optional.empty();

  @Option(names = "--dry-run", description = "Only say how much it would be.")
  boolean dry;

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  boolean yes;

  @Override
  public Integer call() throws IOException {
    if (days.isPresent() && days.get() < 0) {
      throw new Failure(Failure.USAGE, "--before-days: at least 0, not " + days.get());
    }
    PrintWriter out = spec.commandLine().getOut();
    LocalDate today = Instant.now().atZone(ZoneOffset.UTC).toLocalDate();
    LocalDate first = days.map(today::minusDays).orElse(today.plusDays(1));
    Instant before = first.atStartOfDay(ZoneOffset.UTC).toInstant();
    try (Cleaning cleaning = new Cleaning(kafka.servers(), kafka.settings())) {
      List<Cleaning.Part> plan = cleaning.plan(before);
      out.println(
          days.isPresent() ? "Of what is older than %s:".formatted(first) : "Of all there is:");
      new Table<Cleaning.Part>()
          .left("TOPIC", part -> part.topic().name())
          .left("HOLDS", part -> part.topic().equals(Topic.LOG) ? "what Nix said" : "what finished")
          .right("RECORDS", part -> Long.toString(part.records()), p -> "")
          .right("OF", part -> Long.toString(part.of()), p -> "")
          .print(plan, out);
      out.flush();
      if (dry) {
        return 0;
      }
      if (!yes && !agreed(out)) {
        out.println("Nothing was deleted.");
        return Failure.FAILED;
      }
      cleaning.carryOut(plan, before);
      out.println("Deleted. What was derived of it goes within moments.");
    }
    return 0;
  }

  private static boolean agreed(PrintWriter out) throws IOException {
    out.print("Delete that for good? [y/N] ");
    out.flush();
    String answer =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
    return answer != null && answer.trim().matches("(?i)y|yes");
  }
}
