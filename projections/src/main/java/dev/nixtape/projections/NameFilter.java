package dev.nixtape.projections;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Which derivations somebody asks for, by a part of their names or of their package's.
///
/// @param text a part of the name, or a regular expression that is found in it
public record NameFilter(String text, boolean regex) {
  public NameFilter {
    if (regex) {
      compile(text);
    }
  }

  private static Pattern compile(String text) {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      int at = Math.max(0, e.getIndex());
      throw new IllegalArgumentException(
          "not a regular expression: %s at character %d of '%s'"
              .formatted(e.getDescription(), at + 1, text),
          e);
    }
  }

  public java.util.function.Predicate<String> matcher() {
    return regex ? compile(text).asPredicate() : name -> name.contains(text);
  }
}
