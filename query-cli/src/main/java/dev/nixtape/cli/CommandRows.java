package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.CommandView;
import dev.nixtape.projections.control.Result;
import dev.nixtape.projections.control.Result.Done;
import dev.nixtape.projections.control.Result.Expired;
import dev.nixtape.projections.control.Result.Refused;
import dev.nixtape.projections.control.Result.Shown;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a command and what became of it look in a row.
final class CommandRows {
  private CommandRows() {}

  /// `kill`, `nice 50`, `limit cpu 150% memory 4.0 GiB`, …
  static String words(Action action) {
    return switch (action) {
      case Action.Freeze _,
          Action.Thaw _,
          Action.Kill _,
          Action.Processes _,
          Action.Environment _ ->
          action.verb();
      case Action.Nice(int weight) -> action.verb() + " " + weight;
      case Action.Signal(String name) -> action.verb() + " " + name;
      case Action.Limit limit -> {
        List<String> words = new ArrayList<>(List.of(action.verb()));
        limit(words, "cpu", limit.cpuPercent(), percent -> percent + "%");
        limit(words, "memory", limit.memory(), Screen::bytes);
        limit(words, "memory-high", limit.memoryHigh(), Screen::bytes);
        limit(words, "io", limit.io(), bytes -> Screen.bytes(bytes) + "/s");
        yield String.join(" ", words);
      }
    };
  }

  private static void limit(
      List<String> words,
      String what,
      @Nullable Long value,
      java.util.function.LongFunction<String> text) {
    if (value != null) {
      words.add(what);
      words.add(value == Action.Limit.MAX ? "max" : text.apply(value));
    }
  }

  /// @param result null while there is none
  static String state(@Nullable Result result) {
    return result == null
        ? "no answer"
        : switch (result.ending()) {
          case Done _ -> "done";
          case Shown _ -> "shown";
          case Refused _ -> "refused";
          case Expired _ -> "expired";
        };
  }

  static Style colour(@Nullable Result result) {
    return result == null
        ? Style.YELLOW
        : switch (result.ending()) {
          case Done _, Shown _ -> Style.GREEN;
          case Refused _ -> Style.RED;
          case Expired _ -> Style.YELLOW;
        };
  }

  static String detail(Result result) {
    return switch (result.ending()) {
      case Done(List<String> did) -> String.join("; ", did);
      case Shown _ -> "";
      case Refused(Result.Why why, String says) -> why.json() + ": " + says;
      case Expired(long lateMs) ->
          "the agent read it %s after its deadline"
              .formatted(Screen.duration(Duration.ofMillis(lateMs)));
    };
  }

  /// Who issued it, as far as that can be believed.
  static String issuer(CommandView view) {
    return view.signed() ? view.command().issuer() : view.command().issuer() + " (not signed)";
  }
}
