package dev.nixtape.cli;

import dev.nixtape.cli.Plot.Mark;
import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Rfc3339;
import dev.nixtape.projections.Trend;
import dev.nixtape.projections.Trend.Change;
import dev.nixtape.projections.Trend.Point;
import dev.nixtape.projections.statistics.Quantiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "trend",
    description = "How long builds of a package take over time, how much they log, and which fail.",
    footer = {
      "",
      "Without a period it is the last 90 days. A dot is a build that succeeded, a line the median up",
      "to the next change; ┊ marks the first build of a version, │ a change that is not chance.",
      "",
      "Examples:",
      "  nixtape trend firefox                          all versions",
      "  nixtape trend firefox-130.0 -m 12              one of them, a year",
      "  nixtape trend linux --system aarch64-linux -o csv"
    })
final class TrendCommand implements Callable<Integer> {
  /// Wider or higher says no more.
  private static final int WIDTH = 110;

  private static final int HEIGHT = 16;

  private static final int SPARKS = 60;

  @Mixin Asked asked = new Asked();
  @Mixin Period period = new Period();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "NAME", description = "A derivation's name, with or without version.")
  String name = "";

  @Option(
      names = "--system",
      paramLabel = "SYSTEM",
      description = "Builds for that system (default: the most frequent).")
  Optional<String> system = Optional.empty();

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    String path =
        "/v1/trend/%s?%s%s"
            .formatted(
                Server.segment(name),
                period.during(Instant.now()).toParameters(),
                system.map(one -> "&system=" + Server.segment(one)).orElse(""));
    if (asked.form == Asked.Form.JSON) {
      asked.server.copy(path, out);
      return 0;
    }
    Trend trend = asked.server.one(path, Trend.class);
    if (asked.form == Asked.Form.CSV) {
      table().csv(trend.points(), out);
    } else {
      print(trend, out);
    }
    return 0;
  }

  private static Table<Point> table() {
    return new Table<Point>()
        .left("AT", point -> Rfc3339.write(point.at()))
        .left("NAME", Point::name)
        .left("VERSION", Point::version)
        .left("SYSTEM", Point::system)
        .left("HOST", Point::host)
        .left("OUTCOME", point -> point.outcome().json())
        .number("TIME", Point::durationMs)
        .number("LOG", Point::logLines);
  }

  private void print(Trend trend, PrintWriter out) {
    if (trend.points().isEmpty()) {
      out.println(none(trend));
      return;
    }
    List<Point> timed =
        trend.points().stream().filter(point -> point.outcome() == Outcome.SUCCEEDED).toList();
    long failed =
        trend.points().stream().filter(point -> point.outcome() == Outcome.FAILED).count();
    out.println(
        "%s: %d builds since %s, %s failed"
            .formatted(
                of(name, trend.system()),
                trend.points().size(),
                day(trend.since()),
                failed == 0 ? "none" : Long.toString(failed)));
    plot(trend, timed)
        .rows(Math.min(WIDTH, Screen.columns()), HEIGHT, Screen.colours())
        .forEach(out::println);
    if (!timed.isEmpty()) {
      double[] lines = timed.stream().mapToDouble(Point::logLines).toArray();
      Quantiles quantiles = Quantiles.of(lines);
      out.println(
          "log lines  %s  %,.0f to %,.0f"
              .formatted(Sparkline.of(lines, SPARKS), quantiles.at(0), quantiles.at(1)));
    }
    if (failed > 0) {
      out.println("failed     " + Sparkline.of(failures(trend.points()), SPARKS));
    }
    trend.changes().forEach(change -> out.println(text(change)));
    others(trend).ifPresent(out::println);
  }

  private Plot plot(Trend trend, List<Point> timed) {
    Plot plot =
        new Plot(ms -> Screen.duration(Duration.ofMillis(Math.round(ms))), this::day)
            .scatter(timed.stream().map(p -> point(p.at(), p.durationMs())).toList(), Style.BLUE);
    Set<String> versions = new HashSet<>();
    for (Point point : timed) {
      if (versions.add(point.version())) {
        plot.mark(Mark.VERSION, point.at(), point.version());
      }
    }
    for (Change change : trend.changes()) {
      plot.mark(Mark.CHANGE, change.at(), "");
    }
    medians(trend.changes(), timed).forEach(level -> plot.line(level, Style.YELLOW));
    return plot;
  }

  /// A line for each level.
  private static List<List<Plot.Point>> medians(List<Change> changes, List<Point> timed) {
    List<List<Plot.Point>> levels = new ArrayList<>();
    if (timed.isEmpty()) {
      return levels;
    }
    Instant from = timed.getFirst().at();
    long median =
        Math.round(Quantiles.of(timed.stream().mapToLong(Point::durationMs).toArray()).median());
    for (Change change : changes) {
      levels.add(level(from, change.at(), change.beforeMs()));
      from = change.at();
      median = change.afterMs();
    }
    levels.add(level(from, timed.getLast().at(), median));
    return levels;
  }

  private static List<Plot.Point> level(Instant from, Instant to, long ms) {
    return List.of(point(from, ms), point(to, ms));
  }

  private static Plot.Point point(Instant at, long ms) {
    return new Plot.Point(at, (double) ms);
  }

  /// How many failed in each of as many equal times as there are columns.
  private static double[] failures(List<Point> points) {
    double[] failures = new double[SPARKS];
    long from = points.getFirst().at().toEpochMilli();
    long length = points.getLast().at().toEpochMilli() - from + 1;
    for (Point point : points) {
      if (point.outcome() == Outcome.FAILED) {
        failures[(int) ((point.at().toEpochMilli() - from) * SPARKS / length)]++;
      }
    }
    return failures;
  }

  private String text(Change change) {
    long shift = change.afterMs() - change.beforeMs();
    return "since %s: %s (%s → %s)%s"
        .formatted(
            day(change.at()),
            Screen.shift(shift),
            Screen.duration(Duration.ofMillis(change.beforeMs())),
            Screen.duration(Duration.ofMillis(change.afterMs())),
            change.name() == null ? "" : ", with " + change.name());
  }

  private String none(Trend trend) {
    String not = of(name, trend.system()) + " was not built in that time";
    Instant last = trend.lastAt();
    if (last != null) {
      return not + "; the last build ended on " + day(last) + ".";
    }
    return not + others(trend).map(others -> "; " + others).orElse("") + ".";
  }

  private static Optional<String> others(Trend trend) {
    String others =
        trend.systems().stream()
            .filter(count -> !count.system().equals(trend.system()))
            .map(count -> "%s (%d)".formatted(known(count.system()), count.builds()))
            .collect(Collectors.joining(", "));
    return others.isEmpty() ? Optional.empty() : Optional.of("--system: also built for " + others);
  }

  private static String of(String name, @Nullable String system) {
    return system == null ? name : name + " for " + known(system);
  }

  private static String known(String system) {
    return system.isEmpty() ? "an unknown system" : system;
  }

  private String day(Instant at) {
    return at.atZone(period.zone()).toLocalDate().toString();
  }
}
