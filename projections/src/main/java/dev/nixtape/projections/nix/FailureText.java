package dev.nixtape.projections.nix;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An error message that names a derivation and says why it failed.
///
/// @param drvPath the derivation that failed
/// @param reason Nix's words, without colours, on one line
/// @param lastLines of the build's log, as far as Nix repeats them: without colours, at most 25
///   lines and 4,096 characters, cut at their front; empty when it repeats none
public record FailureText(String drvPath, String reason, List<String> lastLines) {
  /// Nix's own default of `log-lines`: a message may have more.
  private static final int LAST_LINES = 25;

  private static final int LAST_CHARACTERS = 4096;

  private static final Pattern COLOUR = Pattern.compile("\u001b\\[[0-9;]*m");
  private static final Pattern DRV = Pattern.compile("'([^'\\s]*/[^'\\s]+\\.drv)'");
  private static final Pattern REASON = Pattern.compile("\\n\\s*Reason: (.*?)\\.?(?:\\n|$)");
  private static final Pattern HEADING = Pattern.compile("\\n *[Ll]ast \\d+ log lines:\\n");
  private static final Pattern EXIT_CODE = Pattern.compile("exit code (\\d{1,3})\\b");

  /// Reads a message of level 0. Since Nix 2.30: `Cannot build 'DRV'.` and a line `Reason: …`;
  /// before: `builder for 'DRV' failed with …`, `hash mismatch in fixed-output derivation 'DRV'`,
  /// and other sentences that name it. Empty when it is no error or names no derivation.
  public static Optional<FailureText> of(String message) {
    String plain = withoutColours(message);
    if (!plain.startsWith("error:")) {
      return Optional.empty();
    }
    int lineEnd = plain.indexOf('\n');
    String first = (lineEnd < 0 ? plain : plain.substring(0, lineEnd)).substring("error:".length());
    Matcher drv = DRV.matcher(first);
    if (!drv.find()) {
      return Optional.empty();
    }
    Matcher reason = REASON.matcher(plain);
    String why = reason.find() ? reason.group(1) : sentence(first, drv);
    return Optional.of(new FailureText(drv.group(1), why, lastLines(plain)));
  }

  /// Since Nix 2.30 under `Last 25 log lines:`, before under `last 25 log lines:`, and each behind
  /// `> `: so no line of a log can be taken for the heading, or for the end.
  private static List<String> lastLines(String plain) {
    Matcher heading = HEADING.matcher(plain);
    if (!heading.find()) {
      return List.of();
    }
    List<String> all =
        Arrays.stream(plain.substring(heading.end()).split("\n"))
            .map(String::stripLeading)
            .takeWhile(line -> line.startsWith(">"))
            .map(line -> line.substring(line.startsWith("> ") ? 2 : 1))
            .toList();
    if (all.isEmpty()) {
      return List.of();
    }
    String last = String.join("\n", all.subList(Math.max(0, all.size() - LAST_LINES), all.size()));
    int from = last.length() - LAST_CHARACTERS;
    if (from > 0) {
      last = last.substring(Character.isLowSurrogate(last.charAt(from)) ? from + 1 : from);
    }
    return List.of(last.split("\n", -1));
  }

  /// The builder's exit code in a reason; empty when it did not exit by itself.
  public static Optional<Integer> exitCodeIn(String reason) {
    Matcher exitCode = EXIT_CODE.matcher(reason);
    return exitCode.find() ? Optional.of(Integer.valueOf(exitCode.group(1))) : Optional.empty();
  }

  /// `builder for 'DRV' failed with exit code 1;` as `builder failed with exit code 1`.
  private static String sentence(String first, Matcher drv) {
    String words =
        (first.substring(0, drv.start()) + first.substring(drv.end()))
            .replaceAll("\\bfor\\s+(?=failed)", "")
            .replaceAll("\\s+", " ")
            .strip();
    return words.replaceAll("[\\s;:.,]+$", "");
  }

  public static String withoutColours(String text) {
    return text.indexOf('\u001b') < 0 ? text : COLOUR.matcher(text).replaceAll("");
  }
}
