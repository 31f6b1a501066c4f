package dev.nixtape.projections.history;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.BuildJson;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.nix.StorePath;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Predicate;

/// What became of the questions to substituters. Nix does not say what they answered: it is seen
/// when the path is fetched or built on the host that asked. An answer counts in the time of its
/// question.
final class Questioned {
  static final String SERVED = "served/";
  private static final String ASKED = "asked/";

  /// For so long Nix does not ask again about a path that a substituter does not have:
  /// `narinfo-cache-negative-ttl`, unless it is set.
  private static final Duration REMEMBERED = Duration.ofHours(1);

  private final KeyValues store;

  Questioned(KeyValues store) {
    this.store = store;
  }

  /// @param value as `Dimension.ANSWER` has it
  record Answer(Build query, String value) {}

  /// Adds a fact. Says which questions it answers.
  ///
  /// @param time of its key
  /// @param pointer its key
  List<Answer> add(Build fact, String time, byte[] pointer) {
    String path = fact.storePath();
    return switch (fact.kind()) {
      case QUERY -> {
        store.put(askedKey(fact.name()) + time, pointer);
        yield List.of();
      }
      case SUBSTITUTE -> {
        if (path == null || fact.outcome() != Outcome.SUCCEEDED) {
          yield List.of();
        }
        store.put(servedKey(path) + time, pointer);
        yield answered(
            "found",
            fact.name(),
            fact,
            query ->
                path.equals(query.storePath()) && substituter(query).equals(substituter(fact)));
      }
      case BUILD -> {
        List<Answer> missed = new ArrayList<>();
        if (fact.outcome() != Outcome.CACHED) {
          TreeSet<String> names = new TreeSet<>(List.of(fact.name()));
          if (path != null) {
            names.add(StorePath.name(path));
          }
          for (String name : names) {
            missed.addAll(answered("missed", name, fact, query -> isOf(fact, query)));
          }
        }
        yield missed;
      }
      case COPY, DOWNLOAD, FETCH, IMPORT, WAIT, HOOK, OPTIMISE, VERIFY, OTHER -> List.of();
    };
  }

  void remove(Build fact, String time) {
    String path = fact.storePath();
    if (fact.kind() == Kind.QUERY) {
      store.put(askedKey(fact.name()) + time, null);
    } else if (fact.kind() == Kind.SUBSTITUTE && path != null) {
      store.put(servedKey(path) + time, null);
    }
  }

  private static String askedKey(String name) {
    return ASKED + name + "\0";
  }

  static String servedKey(String path) {
    return SERVED + path + "\0";
  }

  private static String substituter(Build build) {
    return Dimension.store(Objects.requireNonNullElse(build.uri(), ""));
  }

  /// Whether a question was about what a build makes. Only one of its outputs is known, if any: the
  /// default output has the derivation's own name.
  private static boolean isOf(Build build, Build query) {
    String path = build.storePath();
    if (path == null || !StorePath.name(path).equals(query.name())) {
      return query.name().equals(build.name());
    }
    return path.equals(query.storePath());
  }

  /// Closes the questions of a host about a name that a fact answers.
  private List<Answer> answered(
      String how, String name, Build fact, Predicate<Build> isAboutTheSame) {
    List<Answer> answers = new ArrayList<>();
    String prefix = askedKey(name);
    for (Map.Entry<String, byte[]> asked :
        store.range(
            prefix + History.timeKey(fact.startedAt().minus(REMEMBERED)),
            prefix + History.timeKey(fact.startedAt()) + History.LAST)) {
      byte[] json = store.get(new String(asked.getValue(), UTF_8));
      Build query = json == null ? null : BuildJson.read(json);
      if (query != null && query.host().equals(fact.host()) && isAboutTheSame.test(query)) {
        store.put(asked.getKey(), null);
        answers.add(new Answer(query, how + "/" + substituter(query)));
      }
    }
    return answers;
  }
}
