package dev.nixtape.projections;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// Nothing has a name that somebody asked for; says which names are near.
public final class NotKnown extends RuntimeException {
  private static final long serialVersionUID = 1;
  private static final int SHOWN = 3;

  /// @param text as it was asked for
  /// @param names all derivation names that are known: their packages are, too
  public NotKnown(String text, Collection<String> names) {
    this("no derivation '%s' was recorded".formatted(text), text, names);
  }

  /// @param what is not there, in words
  public NotKnown(String what, String text, Collection<String> names) {
    super(what + near(text, names));
  }

  private static String near(String text, Collection<String> names) {
    String asked = text.toLowerCase(Locale.ROOT);
    List<String> near =
        names.stream()
            .flatMap(name -> Stream.of(PackageName.of(name), name))
            .distinct()
            .filter(
                name -> distance(asked, name.toLowerCase(Locale.ROOT)) <= (asked.length() + 2) / 3)
            .sorted(
                Comparator.<String>comparingInt(
                        name -> distance(asked, name.toLowerCase(Locale.ROOT)))
                    .thenComparing(Comparator.naturalOrder()))
            .limit(SHOWN)
            .toList();
    return near.isEmpty() ? "" : "; near: " + String.join(", ", near);
  }

  /// How many letters must be put in, taken out, changed, or swapped with their neighbour (Damerau,
  /// Levenshtein).
  static int distance(String one, String other) {
    int[] before = new int[other.length() + 1];
    int[] last = new int[other.length() + 1];
    int[] row = new int[other.length() + 1];
    for (int j = 0; j < last.length; j++) {
      last[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        boolean same = one.charAt(i - 1) == other.charAt(j - 1);
        row[j] = Math.min(Math.min(last[j], row[j - 1]) + 1, last[j - 1] + (same ? 0 : 1));
        if (i > 1
            && j > 1
            && one.charAt(i - 1) == other.charAt(j - 2)
            && one.charAt(i - 2) == other.charAt(j - 1)) {
          row[j] = Math.min(row[j], before[j - 2] + 1);
        }
      }
      int[] free = before;
      before = last;
      last = row;
      row = free;
    }
    return last[other.length()];
  }
}
