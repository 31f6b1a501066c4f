package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.derivations.Estimate;
import dev.nixtape.projections.derivations.NodeState;
import dev.nixtape.projections.derivations.TreeView;
import dev.nixtape.projections.derivations.TreeView.Row;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    name = "tree",
    description = "What a build, a derivation or a session needs, and what became of it.",
    footer = {
      "",
      "Examples:",
      "  nixtape tree 7k3x9q2m                 of one build",
      "  nixtape tree builder-7/0sph4ig9l      of all that a session built",
      "  nixtape tree /nix/store/….drv --all   with all that was there"
    })
final class TreeCommand implements Callable<Integer> {
  @Mixin Asked asked = new Asked();
  @Spec CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "ID|DRV|SESSION|NAME",
      description = "A build's id, a derivation's path, a session, or a name: its last build.")
  String what = "";

  @Option(
      names = "--all",
      description = "Everything, not only what failed, runs or was built, and the way to it.")
  boolean all;

  /// A line of the tree.
  ///
  /// @param row null for a count of what is not shown
  private record Line(int depth, String text, @Nullable Row row) {}

  /// A line with the branches before it.
  private record Drawn(String branches, Line line) {
    String text() {
      return branches + line.text;
    }
  }

  @Override
  public Integer call() throws IOException {
    String path = "/v1/tree/%s?all=%s".formatted(Server.segment(what), all);
    PrintWriter out = spec.commandLine().getOut();
    switch (asked.form) {
      case JSON -> asked.server.copy(path, out);
      case CSV -> table().csv(drawn(asked.server.one(path, TreeView.class).rows()), out);
      case TABLE -> {
        TreeView tree = asked.server.one(path, TreeView.class);
        table().print(drawn(tree.rows()), out);
        out.println();
        out.println(counts(tree.totals()));
        if (tree.unread() > 0) {
          out.println(
              "%,d derivations were not read: what they need is unknown".formatted(tree.unread()));
        }
      }
    }
    return 0;
  }

  private static Table<Drawn> table() {
    return new Table<Drawn>()
        .flexible("DERIVATION", Drawn::text, TreeCommand::emphasis, Drawn::text)
        .left("STATE", drawn -> of(drawn, TreeCommand::word), TreeCommand::colour)
        .right(
            "TIME",
            drawn -> of(drawn, row -> duration(row.durationMs())),
            drawn -> of(drawn, row -> Objects.toString(row.durationMs(), "")))
        .right(
            "LEFT",
            drawn -> of(drawn, TreeCommand::left),
            drawn -> of(drawn, row -> Objects.toString(row.remainingMs(), "")))
        .left("USUALLY", drawn -> of(drawn, TreeCommand::usually), _ -> Style.DIM)
        .left(
            "ID",
            drawn ->
                of(
                    drawn,
                    row ->
                        row.id() == null
                            ? ""
                            : row.id()
                                .substring(0, Math.min(BuildRows.SHORT_ID, row.id().length()))),
            _ -> Style.DIM);
  }

  private static String of(Drawn drawn, java.util.function.Function<Row, String> text) {
    Row row = drawn.line.row;
    return row == null || row.again() ? "" : text.apply(row);
  }

  private static String duration(@Nullable Long ms) {
    return ms == null ? "" : Screen.duration(Duration.ofMillis(ms));
  }

  private static String left(Row row) {
    if (row.state() != NodeState.WAITING
        && (row.state() != NodeState.RUNNING || row.kind() != Kind.BUILD)) {
      return "";
    }
    Long left = row.remainingMs();
    return left == null ? "?" : left == 0 ? "any moment" : duration(left);
  }

  private static String usually(Row row) {
    Estimate usual = row.expected();
    return usual == null
        ? ""
        : "%s (%s to %s, %d %s)"
            .formatted(
                duration(usual.medianMs()),
                duration(usual.lowMs()),
                duration(usual.highMs()),
                usual.samples(),
                usual.samples() == 1 ? "build" : "builds");
  }

  private static String word(Row row) {
    return row.state() == NodeState.RUNNING && row.kind() == Kind.SUBSTITUTE
        ? "substituting"
        : word(row.state());
  }

  private static String word(NodeState state) {
    return switch (state) {
      case RUNNING -> "building";
      case UNNEEDED -> "not needed";
      case BLOCKED -> "not built";
      case FAILED, INTERRUPTED, WAITING, BUILT, SUBSTITUTED, THERE, UNKNOWN -> state.json();
    };
  }

  private static Style emphasis(Drawn drawn) {
    Row row = drawn.line.row;
    return row == null || row.again() ? Style.DIM : colour(row.state());
  }

  private static Style colour(Drawn drawn) {
    Row row = drawn.line.row;
    return row == null ? Style.DIM : colour(row.state());
  }

  private static Style colour(NodeState state) {
    return switch (state) {
      case FAILED -> Style.RED;
      case INTERRUPTED, BLOCKED, WAITING -> Style.YELLOW;
      case RUNNING -> Style.BLUE;
      case BUILT, SUBSTITUTED -> Style.GREEN;
      case THERE, UNKNOWN, UNNEEDED -> Style.DIM;
    };
  }

  private static String counts(Map<NodeState, Long> states) {
    return states.entrySet().stream()
        .map(each -> "%,d %s".formatted(each.getValue(), word(each.getKey())))
        .collect(Collectors.joining(", "));
  }

  private static List<Drawn> drawn(List<Row> rows) {
    List<Line> lines = lines(rows);
    List<Drawn> drawn = new ArrayList<>();
    // From below: at which depths a branch goes on.
    BitSet open = new BitSet();
    for (Line line : lines.reversed()) {
      StringBuilder branches = new StringBuilder();
      for (int depth = 1; depth < line.depth; depth++) {
        branches.append(open.get(depth) ? "│  " : "   ");
      }
      if (line.depth > 0) {
        branches.append(open.get(line.depth) ? "├─ " : "└─ ");
      }
      open.clear(line.depth, Integer.MAX_VALUE);
      open.set(line.depth);
      drawn.addFirst(new Drawn(branches.toString(), line));
    }
    return drawn;
  }

  /// The rows, and behind what stands below each, what is not shown of it.
  private static List<Line> lines(List<Row> rows) {
    List<Line> lines = new ArrayList<>();
    Deque<Row> above = new ArrayDeque<>();
    for (Row row : rows) {
      leave(above, row.depth(), lines);
      lines.add(new Line(row.depth(), row.again() ? row.name() + ", see above" : row.name(), row));
      above.push(row);
    }
    leave(above, 0, lines);
    return lines;
  }

  private static void leave(Deque<Row> above, int depth, List<Line> lines) {
    while (!above.isEmpty() && above.getFirst().depth() >= depth) {
      Row row = above.pop();
      if (!row.more().isEmpty()) {
        long more = row.more().values().stream().mapToLong(Long::longValue).sum();
        lines.add(
            new Line(row.depth() + 1, "… %,d more: %s".formatted(more, counts(row.more())), null));
      }
    }
  }
}
