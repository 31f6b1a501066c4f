package dev.nixtape.projections.nix;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An error message that names a derivation and says why it failed.
///
/// @param drvPath the derivation that failed
/// @param reason Nix's words, without colours, on one line
public record FailureText(String drvPath, String reason) {
  private static final Pattern COLOUR = Pattern.compile("\u001b\\[[0-9;]*m");
  private static final Pattern DRV = Pattern.compile("'([^'\\s]*/[^'\\s]+\\.drv)'");
  private static final Pattern REASON = Pattern.compile("\\n\\s*Reason: (.*?)\\.?(?:\\n|$)");
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
    return Optional.of(new FailureText(drv.group(1), why));
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
