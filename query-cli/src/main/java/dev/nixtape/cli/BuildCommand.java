package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "build",
    description = "All that is known of one activity, with the evidence for its outcome.",
    footer = {"", "Example:", "  nixtape build 7k3x9q2m"})
final class BuildCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "ID", description = "Its id, or the beginning of it.")
  String id = "";

  @Override
  public Integer call() throws IOException {
    String path = "/v1/builds/" + Server.segment(id);
    PrintWriter out = spec.commandLine().getOut();
    switch (asked.form) {
      case JSON -> asked.server.copy(path, out);
      case CSV -> BuildRows.table(Instant.now()).csv(List.of(build(path)), out);
      case TABLE -> print(build(path), Instant.now(), out);
    }
    return 0;
  }

  private Build build(String path) throws IOException {
    try (InputStream answer = asked.server.get(path)) {
      return BuildJson.read(answer.readAllBytes());
    }
  }

  private static void print(Build build, Instant now, PrintWriter out) {
    boolean colours = Screen.colours();
    out.println(
        (colours ? Style.BOLD.paint(build.name()) : build.name())
            + "  "
            + (colours
                ? BuildRows.colour(build).paint(BuildRows.state(build))
                : BuildRows.state(build)));
    row(out, "reason", build.reason());
    row(out, "id", build.id());
    row(out, "derivation", build.drvPath());
    row(out, "path", build.storePath());
    row(out, "from", build.uri());
    row(out, "system", build.system());
    row(out, "for", BuildRows.user(build));
    row(
        out,
        "on",
        build.machine() == null || build.machine().equals("local")
            ? build.host()
            : (build.remote() == null ? build.machine() : build.remote().host())
                + ", asked by "
                + build.host());
    row(out, "began", BuildRows.time(build.startedAt(), now));
    row(out, build.running() ? "runs for" : "took", Screen.duration(build.elapsed(now)));
    if (build.remote() != null && build.remote().outsideMs() != null) {
      row(out, "of it", time(build.remote().outsideMs()) + " to wait for the machine and to copy");
    }
    row(out, "moved", build.bytes() == null ? null : Screen.bytes(build.bytes()));
    if (build.now() != null) {
      now(build.now(), out);
    }
    if (build.used() != null) {
      used(build, build.used(), out);
    }
    for (Build.PhaseTime phase : build.phases()) {
      row(
          out,
          "phase",
          phase.name()
              + (phase.durationMs() == null
                  ? ""
                  : "  " + Screen.duration(Duration.ofMillis(phase.durationMs()))));
    }
    for (Build.Evidence evidence : build.evidence()) {
      row(
          out,
          "evidence",
          "%s says %s: %s".formatted(evidence.source(), evidence.says().json(), evidence.detail()));
    }
    row(
        out,
        "log",
        build.logLines() == 0
            ? "no lines"
            : "%d lines: nixtape log %s".formatted(build.logLines(), BuildRows.shortId(build)));
    for (String line : build.lastLines()) {
      row(out, "", "> " + line);
    }
  }

  private static void now(Build.Now now, PrintWriter out) {
    row(out, "processor", now.cpuPercent() == null ? null : now.cpuPercent() + " % of one now");
    row(out, "memory", Screen.bytes(now.memory()) + " now");
  }

  private static void used(Build build, Build.Used used, PrintWriter out) {
    Long percent = BuildRows.cpuPercent(build);
    row(
        out,
        "processor",
        "%s (user %s, system %s)%s"
            .formatted(
                time(used.cpuMs()),
                time(used.cpuUserMs()),
                time(used.cpuSystemMs()),
                percent == null ? "" : ", " + percent + " % of one"));
    row(out, "memory", Screen.bytes(used.peakMemory()) + " at most");
    row(
        out,
        "disk",
        used.ioBytes() == null ? null : Screen.bytes(used.ioBytes()) + " read and written");
  }

  private static String time(long ms) {
    return Screen.duration(Duration.ofMillis(ms));
  }

  private static void row(PrintWriter out, String label, @Nullable String text) {
    if (text != null && !text.isEmpty()) {
      out.println("  %-12s%s".formatted(label, Table.clean(text)));
    }
  }
}
