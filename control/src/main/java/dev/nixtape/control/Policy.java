package dev.nixtape.control;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Who may do what to whose builds on a host. What no rule allows is not allowed.
///
/// @param keys the public keys that are believed: the principals that each speaks for, or `*`
/// @param groups of principals, and of users whose builds are meant
public record Policy(
    Map<String, Set<String>> keys, Map<String, Set<String>> groups, List<Rule> rules) {
  /// Every principal, or every action.
  public static final String ALL = "*";

  /// Before the name of a group.
  static final String GROUP = "@";

  private static final String ROOT = "root";

  /// @param who principals, `@group`, `*`
  /// @param may verbs, `*`
  public record Rule(Set<String> who, Set<String> may, Whose of) {
    public Rule {
      who = Set.copyOf(who);
      may = Set.copyOf(may);
    }
  }

  /// Whose builds a rule is about: those that a user asked Nix for.
  public sealed interface Whose {
    record Any() implements Whose {}

    record Own() implements Whose {}

    record Group(String name) implements Whose {}
  }

  public Policy {
    keys = Map.copyOf(keys);
    groups = Map.copyOf(groups);
    rules = List.copyOf(rules);
  }

  /// The policy of a host that nobody wrote one for: root may do everything.
  ///
  /// @param keys that speak for root
  public static Policy ofRoot(Set<String> keys) {
    return new Policy(
        keys.stream().collect(Collectors.toUnmodifiableMap(key -> key, _ -> Set.of(ROOT))),
        Map.of(),
        List.of(new Rule(Set.of(ROOT), Set.of(ALL), new Whose.Any())));
  }

  boolean knows(String key) {
    return keys.containsKey(key);
  }

  /// Whether what is signed with a key is that principal's word.
  boolean speaksFor(String key, String principal) {
    Set<String> principals = keys.getOrDefault(key, Set.of());
    return isName(principal) && (principals.contains(ALL) || principals.contains(principal));
  }

  /// Whether a command may be carried out.
  ///
  /// @param requester the user who asked Nix for the build; empty when nobody knows
  public boolean allows(String issuer, String verb, Optional<String> requester) {
    return rules.stream()
        .anyMatch(rule ->
            isAbout(rule, issuer, verb)
                && switch (rule.of()) {
                  case Whose.Any() -> true;
                  case Whose.Own() -> requester.filter(issuer::equals).isPresent();
                  case Whose.Group(String group) ->
                      requester.filter(members(group)::contains).isPresent();
                });
  }

  /// Whether there are builds, of whomever, that it may be carried out on.
  boolean mayAllow(String issuer, String verb) {
    return rules.stream().anyMatch(rule -> isAbout(rule, issuer, verb));
  }

  private boolean isAbout(Rule rule, String issuer, String verb) {
    return (rule.may().contains(ALL) || rule.may().contains(verb))
        && isName(issuer)
        && (rule.who().contains(ALL)
            || rule.who().contains(issuer)
            || rule.who().stream()
                .anyMatch(
                    who -> who.startsWith(GROUP) && members(who.substring(1)).contains(issuer)));
  }

  private Set<String> members(String group) {
    return groups.getOrDefault(group, Set.of());
  }

  /// Whoever signs for others could claim to be everybody, or a group.
  static boolean isName(String principal) {
    return !principal.isEmpty() && !principal.equals(ALL) && !principal.startsWith(GROUP);
  }
}
