package dev.nixtape.control;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.nixtape.control.Policy.Rule;
import dev.nixtape.control.Policy.Whose;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/// A policy as its administrator writes it, JSON. `docs/control.md` explains it.
public final class PolicyFile {
  /// Where it is when nobody says.
  public static final Path DEFAULT = Path.of("/etc/nixtape/control.json");

  private static final ObjectReader STRICT =
      Json.MAPPER
          .readerFor(JsonNode.class)
          .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final Set<String> VERBS =
      Arrays.stream(Action.class.getAnnotation(JsonSubTypes.class).value())
          .map(JsonSubTypes.Type::name)
          .collect(Collectors.toCollection(LinkedHashSet::new));

  private final Map<String, Set<String>> keys = new LinkedHashMap<>();
  private final Map<String, Set<String>> groups = new LinkedHashMap<>();
  private final List<Rule> rules = new ArrayList<>();

  private PolicyFile() {}

  /// @throws IOException which says what is wrong with the file, where in it, and what to do
  public static Policy read(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file + ": there is no such policy, or it cannot be seen");
    }
    if (Files.getPosixFilePermissions(file).stream()
        .anyMatch(
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE)::contains)) {
      throw new IOException(
          "%s can be written by others than its owner, who would make themselves masters of this host's builds: chmod go-w %s"
              .formatted(file, file));
    }
    try {
      return parse(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  static Policy parse(String json) {
    JsonNode root;
    try {
      root = STRICT.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "line %d is no JSON: %s".formatted(e.getLocation().getLineNr(), e.getOriginalMessage()),
          e);
    }
    return new PolicyFile().of(root);
  }

  private Policy of(JsonNode root) {
    only("", root, "keys", "relays", "groups", "rules");
    each(
        root,
        "groups",
        (group, members) -> {
          Set<String> names = words("groups." + group, members);
          names.forEach(member -> name("groups." + group, member));
          groups.put(name("groups", group), names);
        });
    each(
        root,
        "keys",
        (principal, key) ->
            words("keys." + principal, key)
                .forEach(text -> key("keys." + principal, text, Set.of(name("keys", principal)))));
    each(
        root,
        "relays",
        (key, principals) -> {
          Set<String> spokenFor = words("relays." + key, principals);
          spokenFor.stream()
              .filter(principal -> !principal.equals(Policy.ALL))
              .forEach(principal -> name("relays." + key, principal));
          key("relays", key, spokenFor);
        });
    JsonNode list = root.path("rules");
    if (!list.isArray() && !list.isMissingNode()) {
      throw bad("rules", "a list of rules in [ ]");
    }
    for (int i = 0; i < list.size(); i++) {
      rules.add(rule("rules[%d]".formatted(i), list.get(i)));
    }
    return new Policy(keys, groups, rules);
  }

  private Rule rule(String where, JsonNode rule) {
    only(where, rule, "who", "may", "of");
    Set<String> who = words(where + ".who", rule.path("who"));
    who.stream()
        .filter(name -> name.startsWith(Policy.GROUP))
        .forEach(name -> group(where + ".who", name));
    Set<String> may = words(where + ".may", rule.path("may"));
    for (String verb : may) {
      if (!verb.equals(Policy.ALL) && !VERBS.contains(verb)) {
        throw bad(
            where + ".may",
            "'%s' is no action: %s, or \"*\" for all".formatted(verb, String.join(", ", VERBS)));
      }
    }
    String of = rule.path("of").asText();
    return new Rule(
        who,
        may,
        switch (of) {
          case "any" -> new Whose.Any();
          case "own" -> new Whose.Own();
          case String group when group.startsWith(Policy.GROUP) ->
              new Whose.Group(group(where + ".of", group));
          default ->
              throw bad(
                  where + ".of",
                  "whose builds: \"any\", \"own\" or \"@GROUP\", not '%s'".formatted(of));
        });
  }

  private void key(String where, String key, Set<String> principals) {
    try {
      SigningKey.requirePublic(key);
    } catch (IllegalArgumentException e) {
      throw bad(where, String.valueOf(e.getMessage()));
    }
    if (keys.put(key, principals) != null) {
      throw bad(
          where,
          "%s stands here twice: a key is one principal's, or speaks for several under relays"
              .formatted(key));
    }
  }

  private String group(String where, String reference) {
    String name = reference.substring(Policy.GROUP.length());
    if (!groups.containsKey(name)) {
      throw bad(
          where, "there is no group '%s': put it under groups, with its members".formatted(name));
    }
    return name;
  }

  private static String name(String where, String name) {
    if (!Policy.isName(name)) {
      throw bad(
          where, "a name, not '%s': groups are not nested, and '*' is no name".formatted(name));
    }
    return name;
  }

  private static void each(JsonNode root, String section, BiConsumer<String, JsonNode> take) {
    JsonNode node = root.path(section);
    if (!node.isObject() && !node.isMissingNode()) {
      throw bad(section, "an object in { }");
    }
    node.properties().forEach(entry -> take.accept(entry.getKey(), entry.getValue()));
  }

  /// A text, or a list of some.
  private static Set<String> words(String where, JsonNode node) {
    List<JsonNode> values = new ArrayList<>();
    if (node.isArray()) {
      node.forEach(values::add);
    } else {
      values.add(node);
    }
    if (!values.stream().allMatch(JsonNode::isTextual)) {
      throw bad(where, "a text like \"alice\", or a list of some");
    }
    return values.stream()
        .map(JsonNode::asText)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /// A misspelt key would allow less than it says, or more.
  private static void only(String where, JsonNode node, String... names) {
    if (!node.isObject()) {
      throw bad(where, "an object in { } with " + String.join(", ", names));
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!List.of(names).contains(entry.getKey())) {
        throw bad(
            where.isEmpty() ? entry.getKey() : where + "." + entry.getKey(),
            "means nothing here: there are " + String.join(", ", names));
      }
    }
  }

  private static IllegalArgumentException bad(String where, String what) {
    return new IllegalArgumentException(where.isEmpty() ? what : where + ": " + what);
  }
}
