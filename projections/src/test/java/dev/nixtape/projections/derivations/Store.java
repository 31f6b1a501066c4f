package dev.nixtape.projections.derivations;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.LogRange;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.nix.StorePath;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A store of derivations in a test, written as .drv files are; and builds of them.
final class Store implements Library {
  static final Instant BEGIN = Instant.parse("2026-01-31T14:00:00Z");

  private final Map<String, KnownDerivation> known = new HashMap<>();

  /// How often each derivation is told: more than one partition may hold it.
  int copies = 1;

  /// Largest batch that was asked for.
  int largest;

  static String drv(String name) {
    return drv("0", name);
  }

  /// @param hash tells derivations of one name apart
  static String drv(String hash, String name) {
    return "/nix/store/%s-%s.drv".formatted(hash.repeat(32), name);
  }

  static String out(String drvPath) {
    return drvPath.replace(".drv", "");
  }

  Store add(String name, String... inputs) {
    return add(drv(name), Map.of(), Stream.of(inputs).map(Store::drv).toArray(String[]::new));
  }

  Store add(String drvPath, Map<String, String> env, String... inputs) {
    return put(drvPath, "", "[\"-c\"]", env, List.of(), inputs);
  }

  Store put(
      String drvPath,
      String fixed,
      String args,
      Map<String, String> env,
      List<String> sources,
      String... inputs) {
    String needed =
        Stream.of(inputs).map("(\"%s\",[\"out\"])"::formatted).collect(Collectors.joining(","));
    Map<String, String> all = new LinkedHashMap<>(env);
    all.put("name", StorePath.name(drvPath));
    all.put("out", out(drvPath));
    String text =
        "Derive([(\"dev\",\"%1$s-dev\",\"%2$s\",\"%2$s\"),(\"out\",\"%1$s\",\"%2$s\",\"%2$s\")],[%3$s],[%4$s],\"sys\",\"/bin/sh\",%5$s,[%6$s])"
            .formatted(
                out(drvPath),
                fixed,
                needed,
                sources.stream().map("\"%s\""::formatted).collect(Collectors.joining(",")),
                args,
                all.entrySet().stream()
                    .map(each -> "(\"%s\",\"%s\")".formatted(each.getKey(), each.getValue()))
                    .collect(Collectors.joining(",")));
    known.put(drvPath, KnownDerivation.of(drvPath, text));
    return this;
  }

  KnownDerivation of(String drvPath) {
    return Objects.requireNonNull(known.get(drvPath), drvPath);
  }

  @Override
  public List<Node> nodes(Collection<String> drvPaths) {
    return derivations(drvPaths).stream().map(KnownDerivation::node).toList();
  }

  @Override
  public List<KnownDerivation> derivations(Collection<String> drvPaths) {
    largest = Math.max(largest, drvPaths.size());
    return drvPaths.stream()
        .flatMap(each -> Stream.ofNullable(known.get(each)))
        .flatMap(each -> Stream.generate(() -> each).limit(copies))
        .toList();
  }

  Graph graph(String... roots) {
    return Graph.of(this, Stream.of(roots).map(Store::drv).toList(), 1_000);
  }

  static Build built(String name, long fromSecond, long toSecond) {
    return activity(Kind.BUILD, drv(name), fromSecond, toSecond, Outcome.SUCCEEDED);
  }

  static Build failed(String name, long fromSecond, long toSecond) {
    return activity(Kind.BUILD, drv(name), fromSecond, toSecond, Outcome.FAILED);
  }

  static Build running(String name, long fromSecond) {
    return activity(Kind.BUILD, drv(name), fromSecond, 0, null);
  }

  /// Of the second output, as Nix may do it alone.
  static Build substituted(String name, long fromSecond, long toSecond) {
    return activity(
        Kind.SUBSTITUTE, out(drv(name)) + "-dev", fromSecond, toSecond, Outcome.SUCCEEDED);
  }

  static Build activity(Kind kind, String path, long from, long to, @Nullable Outcome outcome) {
    boolean build = kind == Kind.BUILD;
    return new Build(
        StorePath.name(path) + "-" + from,
        "1",
        kind,
        build ? path : null,
        build ? null : path,
        StorePath.name(path),
        null,
        null,
        "sys",
        "h",
        null,
        null,
        null,
        "h/s",
        null,
        null,
        BEGIN.plusSeconds(from),
        outcome == null ? null : BEGIN.plusSeconds(to),
        outcome == null ? null : 1000 * (to - from),
        null,
        List.of(),
        null,
        0,
        null,
        outcome,
        null,
        null,
        List.of(),
        List.of(),
        new LogRange(0, 0, 0),
        null,
        null,
        null);
  }
}
