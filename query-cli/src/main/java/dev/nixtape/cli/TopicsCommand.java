package dev.nixtape.cli;

import dev.nixtape.projections.Behind;
import dev.nixtape.projections.LogView;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "topics", description = "What the log holds, and what it does not.")
final class TopicsCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  record Size(String topic, int partitions, long records) {}

  record TopicsView(List<Size> topics, LogView log, Behind behind) {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (asked.form == Asked.Form.JSON) {
      asked.server.copy("/v1/topics", out);
      return 0;
    }
    TopicsView view = asked.server.one("/v1/topics", TopicsView.class);
    Table<Size> table =
        new Table<Size>()
            .left("TOPIC", Size::topic)
            .number("PARTITIONS", size -> (long) size.partitions())
            .number("RECORDS", Size::records);
    if (asked.form == Asked.Form.CSV) {
      table.csv(view.topics(), out);
      return 0;
    }
    table.print(view.topics(), out);
    LogView log = view.log();
    out.println();
    out.println("behind        " + words(view.behind()));
    out.println("sessions      %,d, %,d open".formatted(log.sessions(), log.open()));
    out.println("chunks        %,d".formatted(log.chunks()));
    out.println("lines         %,d".formatted(log.lines()));
    out.println("bytes         %,d (%s)".formatted(log.bytes(), Screen.bytes(log.bytes())));
    out.println(
        "gaps          %,d%s"
            .formatted(
                log.gaps(),
                log.gaps() == 0
                    ? ""
                    : ", %s and %,d lines missing: nixtape sessions says where and why"
                        .formatted(Screen.bytes(log.missing()), log.missingLines())));
    out.println("unrecognised  %,d".formatted(log.unrecognised()));
    if (log.text() > 0) {
      out.println("other output  %,d lines".formatted(log.text()));
    }
    if (log.repeated() > 0) {
      out.println("repeated      %s, counted once".formatted(Screen.bytes(log.repeated())));
    }
    return 0;
  }

  private static String words(Behind behind) {
    Long millis = behind.millis();
    return "%,d %s%s"
        .formatted(
            behind.records(),
            behind.records() == 1 ? "record" : "records",
            millis == null ? "" : ", " + Screen.duration(Duration.ofMillis(millis)));
  }
}
