package dev.nixtape.projections.derivations;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.nixtape.projections.PackageName;
import dev.nixtape.projections.nix.Derivation;
import dev.nixtape.projections.nix.StorePath;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One difference between two derivations.
///
/// @param name of the input, source or variable; "" for what a derivation has one of
/// @param before null when it was added
/// @param after null when it was removed
public record Change(What what, String name, @Nullable String before, @Nullable String after) {
  /// A store path's hash and name.
  private static final Pattern STORE_PATH = Pattern.compile("/[0-9a-z]{32}-([0-9a-zA-Z+._?=-]+)");

  public enum What {
    /// A derivation that it needs, by name: with the same name before and after only its hash
    /// differs.
    INPUT,
    /// A file or folder that it needs, by name.
    SOURCE,
    BUILDER,
    SYSTEM,
    ARGS,
    /// A variable of its environment.
    ENV;

    private final String json = name().toLowerCase(Locale.ROOT);

    @JsonValue
    public String json() {
      return json;
    }
  }

  /// An input that stands in both derivations under different paths.
  record Pair(String before, String after) {}

  /// Whether it is more than an input that is another one now: that one's own differences say why.
  boolean own() {
    return what != What.INPUT || before == null || after == null;
  }

  /// The inputs that belong together and differ.
  static List<Pair> inputs(KnownDerivation before, KnownDerivation after) {
    return paired(before.inputDrvs().keySet(), after.inputDrvs().keySet()).stream()
        .filter(pair -> !pair.before().isEmpty() && !pair.after().isEmpty())
        .toList();
  }

  /// All differences. A variable that differs only in hashes and versions of store paths does not
  /// count: the input or source that they are of does.
  static List<Change> between(KnownDerivation before, KnownDerivation after) {
    List<Change> changes = new ArrayList<>();
    add(changes, What.INPUT, paired(before.inputDrvs().keySet(), after.inputDrvs().keySet()));
    add(changes, What.SOURCE, paired(before.inputSrcs(), after.inputSrcs()));
    add(changes, What.BUILDER, "", before.builder(), after.builder());
    add(changes, What.SYSTEM, "", before.system(), after.system());
    add(changes, What.ARGS, "", String.join(" ", before.args()), String.join(" ", after.args()));
    Set<String> variables = new TreeSet<>(before.env().keySet());
    variables.addAll(after.env().keySet());
    for (String name : variables) {
      add(changes, What.ENV, name, before.env().get(name), after.env().get(name));
    }
    return changes;
  }

  /// Whether both give the same outputs: something fetched, in another way.
  static boolean sameOutputs(KnownDerivation before, KnownDerivation after) {
    return before.fixed()
        && before.outputs().stream()
            .map(Derivation.Output::path)
            .toList()
            .equals(after.outputs().stream().map(Derivation.Output::path).toList());
  }

  private static void add(
      List<Change> changes,
      What what,
      String name,
      @Nullable String before,
      @Nullable String after) {
    if (!Objects.equals(masked(before), masked(after))) {
      changes.add(new Change(what, name, before, after));
    }
  }

  private static @Nullable String masked(@Nullable String text) {
    return text == null
        ? null
        : STORE_PATH
            .matcher(text)
            .replaceAll(path -> "/…-" + PackageName.of(StorePath.name(path.group(1))));
  }

  private static void add(List<Change> changes, What what, List<Pair> pairs) {
    for (Pair pair : pairs) {
      String before = pair.before().isEmpty() ? null : StorePath.name(pair.before());
      String after = pair.after().isEmpty() ? null : StorePath.name(pair.after());
      changes.add(
          new Change(
              what,
              PackageName.of(Objects.requireNonNullElse(after, String.valueOf(before))),
              before,
              after));
    }
  }

  /// Paths that are only in one of two, with the one in the other that has the same name, or the
  /// same name but for the version; "" where there is none.
  private static List<Pair> paired(Collection<String> before, Collection<String> after) {
    Set<String> old = new LinkedHashSet<>(before);
    old.removeAll(after);
    Set<String> young = new LinkedHashSet<>(after);
    young.removeAll(before);
    List<Pair> pairs = new ArrayList<>();
    pair(old, young, StorePath::name, pairs);
    pair(old, young, path -> PackageName.of(StorePath.name(path)), pairs);
    old.forEach(path -> pairs.add(new Pair(path, "")));
    young.forEach(path -> pairs.add(new Pair("", path)));
    return pairs;
  }

  private static void pair(
      Set<String> old, Set<String> young, Function<String, String> name, List<Pair> pairs) {
    old.removeIf(path ->
        young.stream()
            .filter(other -> name.apply(other).equals(name.apply(path)))
            .findFirst()
            .map(other -> pairs.add(new Pair(path, other)) && young.remove(other))
            .orElse(false));
  }
}
