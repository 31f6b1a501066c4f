package dev.nixtape.projections.operations;

import dev.nixtape.projections.nix.FailureText;
import java.util.List;
import java.util.regex.Pattern;

/// The line at a log's end that says why the build failed.
public final class TellingLine {
  /// What compilers, linkers, test runners, interpreters and Nix's own builders write when they
  /// give up.
  private static final Pattern TELLING =
      Pattern.compile(
          "\\berror(\\[E\\d+])?:|\\bfatal\\b|undefined reference|undefined symbols?\\b|\\bFAIL(ED)?\\b"
              + "|^[\\w.]*(Error|Exception)\\b|\\bpanicked at\\b|Segmentation fault|No space left on device"
              + "|command not found|No such file or directory|Permission denied|assertion .*failed"
              + "|cannot find\\b|hash mismatch|[Kk]illed\\b|[Oo]ut of memory|timed out");

  /// What only passes on that something before it failed.
  private static final Pattern PASSED_ON =
      Pattern.compile(
          "^make(\\[\\d+])?: |^ninja: build stopped|ld returned \\d+ exit status|^error: builder for "
              + "|^error: could not compile |^error: aborting due to |^error: test failed|^FAILED: \\S+\\.o\\b"
              + "|^FAILED \\(|^=+ .*(failed|error).* =+$|compilation terminated");

  private TellingLine() {}

  /// The last line that names an error itself; else the last that passes one on; else the last with
  /// anything in it; "" when there is none.
  public static String of(List<String> lines) {
    String passedOn = "";
    String last = "";
    for (String raw : lines.reversed()) {
      String line = FailureText.withoutColours(raw).strip();
      if (line.isEmpty()) {
        continue;
      }
      if (last.isEmpty()) {
        last = line;
      }
      boolean passesOn = PASSED_ON.matcher(line).find();
      if (!passesOn && TELLING.matcher(line).find()) {
        return line;
      }
      if (passesOn && passedOn.isEmpty()) {
        passedOn = line;
      }
    }
    return passedOn.isEmpty() ? last : passedOn;
  }

  private static final Pattern STORE_HASH = Pattern.compile("\\b[0-9a-df-np-sv-z]{32}-");
  private static final Pattern FOLDERS =
      Pattern.compile("(?<![\\w.:/])(/[^\\s/:'\"()]+)*/(?=[^\\s/])");
  private static final Pattern HEX =
      Pattern.compile("\\b(0x[0-9a-fA-F]+|(?=[a-f]*\\d)[0-9a-f]{7,})\\b");
  private static final Pattern NUMBER =
      Pattern.compile("(?<!exit code )(?<!signal )(?<![\\w])\\d+(\\.\\d+)*");

  /// A line without what differs from one failure to the next: hashes, folders and numbers. The
  /// numbers of exit codes and signals stay: they say why.
  public static String normalised(String line) {
    String plain = FailureText.withoutColours(line).strip();
    plain = STORE_HASH.matcher(plain).replaceAll("");
    plain = FOLDERS.matcher(plain).replaceAll("");
    plain = HEX.matcher(plain).replaceAll("N");
    plain = NUMBER.matcher(plain).replaceAll("N");
    return plain.replaceAll("\\s+", " ");
  }
}
