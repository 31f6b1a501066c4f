package dev.nixtape.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.cli.Plot.Mark;
import dev.nixtape.cli.Plot.Point;
import dev.nixtape.cli.Screen.Style;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlotTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  void pointsStandOverTheirTimesBesideTheirValues() {
    List<Point> points = IntStream.rangeClosed(0, 20).mapToObj(i -> point(i, 60 + i)).toList();
    assertEquals(
        """
        1m 20s ┤                            ⢀ ⠄⠈
               │                         ⠄ ⠂
               │                    ⢀ ⠂⠈
               │                ⡀⠠ ⠁
        1m 08s ┤            ⢀ ⠂
               │        ⡀⠠ ⠁
               │    ⠠ ⠐
        1m 00s ┤⡀⠐ ⠁
               └────────────────────────────────
                01-01                      01-21
        """,
        drawn(plot().scatter(points, Style.BLUE), 40, 10));
  }

  @Test
  void aLineGoesFromPointToPoint() {
    assertEquals(
        """
        30.0s ┤              ⣀⠔⠊⠑⠒⠤⢄⣀
              │           ⢀⠤⠊        ⠉⠑⠢⠤⣀⡀
              │        ⢀⠤⠊⠁               ⠈⠉⠒⠢⠤⣀
              │     ⢀⡠⠒⠁
              │   ⡠⠒⠁
          0ms ┤⡠⠔⠉
              └─────────────────────────────────
               01-01                       01-21
        """,
        drawn(plot().line(List.of(point(0, 0), point(10, 30), point(20, 15)), Style.BLUE), 40, 8));
  }

  @Test
  void marksStandBehindThePointsAndSteerNoTerminal() {
    List<Point> points =
        IntStream.range(0, 60).mapToObj(i -> point(i, (i < 30 ? 60 : 80) + i * 7 % 5)).toList();
    Plot plot =
        plot()
            .mark(Mark.VERSION, START.plus(Duration.ofDays(15)), "2.12.1")
            .mark(Mark.VERSION, START.plus(Duration.ofDays(17)), "has no room")
            .mark(Mark.CHANGE, START.plus(Duration.ofDays(30)), "+33 %")
            .mark(Mark.VERSION, START.plus(Duration.ofDays(58)), "2.12\u001b2")
            .mark(Mark.VERSION, START.plus(Duration.ofDays(90)), "after all points")
            .scatter(points, Style.BLUE)
            .line(List.of(point(0, 62), point(29, 62)), Style.BOLD)
            .line(List.of(point(30, 82), point(59, 82)), Style.BOLD);
    assertEquals(
        """
                                2.12.1          +33 %                     2.12 2
        1m 24s ┤                ┊ ┊             ⢀⣀⣈⣀⣐⣀⣀⣀⣁⣀⣂⣀⣀⣁⣀⣐⣀⣀⣈⣀⣐⣀⣀⣀⣁⣀⣂⣀⣀⣈⣀⣐
               │                ┊ ┊             ⠠  ⠈ ⠠   ⠁ ⠄  ⠈ ⠠  ⠈  ⠄  ⠁ ⠄  ⠈
               │                ┊ ┊             │                             ┊
               │                ┊ ┊             │                             ┊
        1m 12s ┤                ┊ ┊             │                             ┊
               │                ┊ ┊             │                             ┊
               │                ┊ ┊             │                             ┊
               │  ⠂ ⢀  ⠐ ⢀   ⠂ ⡀┊ ⠐ ⢀  ⠐  ⡀  ⠂ ⡀│                             ┊
        1m 00s ┤⡉⠉⠉⠍⠉⢉⠉⠉⠩⠉⠉⡉⠉⠉⠍⠉⡉⠉⠉⠩⠉⢉⠉⠉⠉⠍⠉⡉⠉⠉⠍⠁│                             ┊
               └────────────────┴─┴─────────────┴─────────────────────────────┴─
                01-01              01-20                02-09              03-01
        """,
        drawn(plot, 72, 12));
  }

  @Test
  void onePointLiesInTheMiddle() {
    assertEquals(
        """
        15.0s ┤
              │           ⢀
              │
         5.0s ┤
              └───────────────────────
               01-01
        """,
        drawn(plot().scatter(List.of(point(0, 10)), Style.BLUE), 30, 6));
  }

  @Test
  void coloursChangeNothingButColours() {
    Plot plot =
        plot()
            .mark(Mark.CHANGE, START.plus(Duration.ofDays(5)), "slower")
            .line(List.of(point(0, 1), point(9, 2)), Style.BLUE);
    List<String> coloured = plot.rows(40, 8, true);
    assertTrue(coloured.getFirst().contains("\u001b[33mslower\u001b[0m"));
    assertEquals(
        plot.rows(40, 8, false),
        coloured.stream().map(row -> row.replaceAll("\u001b\\[\\d+m", "")).toList());
  }

  @Test
  void noPointsAreNoRows() {
    assertEquals(List.of(), plot().mark(Mark.CHANGE, START, "slower").rows(40, 8, false));
  }

  private static Plot plot() {
    return new Plot(
        seconds -> Screen.duration(Duration.ofMillis(Math.round(seconds * 1000))),
        at -> at.toString().substring(5, 10));
  }

  private static Point point(int day, double seconds) {
    return new Point(START.plus(Duration.ofDays(day)), seconds);
  }

  private static String drawn(Plot plot, int width, int height) {
    return String.join("\n", plot.rows(width, height, false)) + "\n";
  }
}
