package dev.nixtape.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.BuildQuery;
import dev.nixtape.projections.BuildQuery.Show;
import dev.nixtape.projections.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "builds",
    description = "What runs now, and the builds that ended last.",
    footer = {
      "",
      "Examples:",
      "  nixtape builds -w                          keep the screen up to date",
      "  nixtape builds --failed --since 2h         what failed in the last two hours",
      "  nixtape builds --all --user alice -o json  everything of one user, for other programs"
    })
final class BuildsCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @ArgGroup(exclusive = true)
  @Nullable Which which;

  static final class Which {
    @Option(names = "--running", description = "Only what runs now.")
    boolean running;

    @Option(names = "--failed", description = "Only what failed.")
    boolean failed;

    @Option(names = "--all", description = "Everything: substitutions, copies, downloads, … too.")
    boolean all;

    Show show() {
      return running ? Show.RUNNING : failed ? Show.FAILED : Show.ALL;
    }
  }

  @Option(names = "--host", paramLabel = "HOST", description = "Only of this host.")
  Optional<String> host = Optional.empty();

  @Option(names = "--user", paramLabel = "USER", description = "Only for this user or uid.")
  Optional<String> user = Optional.empty();

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description = "Only of this kind: build, substitute, copy, download, fetch, …")
  Optional<Build.Kind> kind = Optional.empty();

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "Only what ran since then: 30m, 2h, 7d, 2026-01-31, '2026-01-31 14:03'.")
  Optional<String> since = Optional.empty();

  @Option(
      names = {"-n", "--limit"},
      paramLabel = "N",
      description =
          "That many ended ones at most (default: 20, or all with --failed, --all, --since).")
  Optional<Long> limit = Optional.empty();

  @Option(
      names = {"-w", "--watch"},
      description = "Keep the screen up to date; with -o json a line for every change.")
  boolean watch;

  @Override
  public Integer call() throws IOException {
    Instant now = Instant.now();
    Show show = which == null ? Show.CURRENT : which.show();
    BuildQuery query =
        new BuildQuery(
            show,
            host,
            user,
            Optional.empty(),
            kind,
            since.map(text -> Asked.time(text, now, ZoneId.systemDefault())),
            limit.orElse(since.isPresent() ? Long.MAX_VALUE : BuildQuery.of(show).limit()));
    String path = "/v1/builds?" + query.toParameters();
    PrintWriter out = spec.commandLine().getOut();
    if (watch) {
      watch(path, out);
    } else {
      asked.print(
          path,
          BuildJson::readAll,
          BuildRows.table(now),
          show == Show.RUNNING ? "Nothing runs." : "Nothing recorded yet that fits.",
          out);
    }
    return 0;
  }

  private void watch(String path, PrintWriter out) throws IOException {
    Map<String, Build> shown = new LinkedHashMap<>();
    try (BufferedReader events =
        new BufferedReader(
            new InputStreamReader(
                asked.server.get(path, "text/event-stream"), StandardCharsets.UTF_8))) {
      String event = "";
      Instant drawn = Instant.EPOCH;
      for (String line; (line = events.readLine()) != null; ) {
        if (line.startsWith("event: ")) {
          event = line.substring("event: ".length());
        } else if (line.startsWith("data: ")) {
          changed(event, line.substring("data: ".length()), shown, out);
        } else if (line.equals(":") || event.equals("shown")) {
          Instant now = Instant.now();
          boolean tick = now.minusMillis(900).isAfter(drawn);
          if (asked.form != Asked.Form.JSON && (event.equals("shown") || tick)) {
            draw(shown, now, out);
            drawn = now;
          }
          event = "";
        }
      }
    }
    throw new Failure(Failure.NO_SERVER, "the server went away");
  }

  private void changed(String event, String data, Map<String, Build> shown, PrintWriter out)
      throws JsonProcessingException {
    switch (event) {
      case "build" -> {
        Build build = Json.MAPPER.readValue(data, Build.class);
        shown.put(build.id(), build);
        if (asked.form == Asked.Form.JSON) {
          out.println(data);
          out.flush();
        }
      }
      case "gone" -> shown.remove(data);
      default -> {}
    }
  }

  private static void draw(Map<String, Build> shown, Instant now, PrintWriter out) {
    List<Build> rows = new ArrayList<>(shown.values());
    rows.sort(
        Comparator.comparing(Build::running)
            .reversed()
            .thenComparing(Build::endedAt, Comparator.reverseOrder()));
    long running = rows.stream().filter(Build::running).count();
    StringWriter text = new StringWriter();
    PrintWriter page = new PrintWriter(text);
    String title = "%d running, %s".formatted(running, BuildRows.time(now, now));
    page.println(Screen.colours() ? Style.BOLD.paint(title) : title);
    BuildRows.table(now).print(rows, page);
    String lines =
        text.toString()
            .lines()
            .limit(Screen.rows() - 1)
            .reduce("", (all, line) -> all + line + "\u001b[K\n");
    // Overwrite from the top and clear what is left: no flicker.
    out.print(Screen.terminal() ? "\u001b[H" + lines + "\u001b[J" : text);
    out.flush();
  }
}
