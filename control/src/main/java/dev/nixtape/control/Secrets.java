package dev.nixtape.control;

import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What nobody should read in a build's environment who may see builds. That a name or a value
/// looks like a secret's is a guess: rather one too many, but paths, versions and hashes stay.
final class Secrets {
  static final String MASK = "***";

  /// A word of a name like `AWS_SECRET_ACCESS_KEY` or `apiKey`, but not of `keyutils`.
  private static final Pattern NAME =
      Pattern.compile(
          "(?:token|secret|password|passwd|passphrase|credential|auth|key)s?(?![a-z])"
              + "|(?:Token|Secret|Password|Passwd|Passphrase|Credential|Auth|Key)s?(?![a-z])"
              + "|(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|AUTH|KEY)S?(?![A-Z])");

  private static final Pattern URL =
      Pattern.compile("\\b([A-Za-z][A-Za-z0-9+.-]*)://([^\\s/@\"']+)@");

  private static final Pattern PRIVATE_KEY =
      Pattern.compile(
          "-----BEGIN [A-Z ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z ]*-----|\\z)",
          Pattern.DOTALL);

  /// What GitHub, GitLab, Slack, AWS, npm, PyPI, Hugging Face, Anthropic, OpenAI begin theirs with,
  /// and JSON web tokens.
  private static final Pattern TOKEN =
      Pattern.compile(
          "\\b(?:gh[pousr]_\\w{16,}|github_pat_\\w{16,}|glpat-[\\w-]{16,}|xox[a-z]-[\\w-]{10,}"
              + "|(?:AKIA|ASIA)[0-9A-Z]{16}|npm_\\w{16,}|pypi-AgE[\\w-]{16,}|hf_\\w{16,}"
              + "|sk-(?:ant-|proj-)?[\\w-]{20,}|eyJ[\\w-]{8,}\\.[\\w-]{8,}(?:\\.[\\w-]*)?)");

  /// As long as 16 bytes in base 16, or 24 in base 64.
  private static final Pattern WORD =
      Pattern.compile("(?<![\\w+/.-])[\\w+/-]{32,}={0,2}(?![\\w+/.-])");

  private static final Pattern HEXADECIMAL = Pattern.compile("[0-9a-f]+|[0-9A-F]+");

  /// Names of what is as long and as random, and for everybody to see.
  private static final Pattern HASH =
      Pattern.compile("hash|sha[0-9]|md5|rev|commit|digest|checksum", Pattern.CASE_INSENSITIVE);

  private static final Pattern HASHED = Pattern.compile("(?:sha[0-9]+|md5)[-:]?");

  private Secrets() {}

  /// An environment variable's value, `***` for what looks like a secret.
  static String masked(String name, String value) {
    if (value.isEmpty() || value.startsWith("/nix/store/")) {
      return value;
    }
    if (NAME.matcher(name).find()) {
      return MASK;
    }
    String known = TOKEN.matcher(PRIVATE_KEY.matcher(value).replaceAll(MASK)).replaceAll(MASK);
    String urls = URL.matcher(known).replaceAll(Secrets::withoutUser);
    return HASH.matcher(name).find()
        ? urls
        : WORD.matcher(urls)
            .replaceAll(word -> random(urls, word) ? MASK : Matcher.quoteReplacement(word.group()));
  }

  /// A word of a command line.
  static String masked(String argument) {
    return masked("", argument);
  }

  /// Who logs in by ssh has a key, and a name that is none.
  private static String withoutUser(MatchResult url) {
    boolean login = url.group(1).contains("ssh") && !url.group(2).contains(":");
    return Matcher.quoteReplacement(login ? url.group() : url.group(1) + "://" + MASK + "@");
  }

  private static boolean random(String text, MatchResult match) {
    String word = match.group();
    if (word.startsWith("/")
        || HASHED.matcher(word).lookingAt()
        || HASHED.matcher(text.substring(Math.max(0, match.start() - 7), match.start())).find()) {
      return false;
    }
    boolean digits = word.chars().anyMatch(Character::isDigit);
    boolean letters = word.chars().anyMatch(Character::isLetter);
    return HEXADECIMAL.matcher(word).matches() ? digits && letters : mixed(word);
  }

  /// Whether small letters, capitals and digits follow each other as dice have it: another kind in
  /// 62 of 100 places. In words that people write together it is half as many.
  private static boolean mixed(String word) {
    int[] of = new int[4];
    int changes = 0;
    int before = 0;
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      int kind =
          Character.isDigit(c)
              ? 1
              : Character.isLowerCase(c) ? 2 : Character.isUpperCase(c) ? 3 : 0;
      changes += kind != before && kind * before > 0 ? 1 : 0;
      of[kind]++;
      before = kind;
    }
    return of[1] * of[2] * of[3] > 0
        && of[0] * 10 <= word.length()
        && changes * 5 > word.length() * 2;
  }
}
