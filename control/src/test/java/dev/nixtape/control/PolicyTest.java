package dev.nixtape.control;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.control.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/// Who may do what.
class PolicyTest {
  /// The keys, by the names that the table has for them.
  private static final Map<String, String> KEYS =
      Map.of(
          "alice's", SigningKey.generate().publicKey(),
          "bob's", SigningKey.generate().publicKey(),
          "bob's-laptop", SigningKey.generate().publicKey(),
          "carol's", SigningKey.generate().publicKey(),
          "server's", SigningKey.generate().publicKey(),
          "team's", SigningKey.generate().publicKey(),
          "stranger's", SigningKey.generate().publicKey());

  private static final String FILE =
      """
      {
        "keys": {"alice": "alice's", "bob": ["bob's", "bob's-laptop"], "carol": "carol's"},
        "relays": {"server's": "*", "team's": ["alice", "erin"]},
        "groups": {"infra": ["carol"], "students": ["dave", "erin"]},
        "rules": [
          {"who": "@infra", "may": "*", "of": "any"},
          {"who": "alice", "may": ["kill", "freeze", "thaw"], "of": "own"},
          {"who": ["bob", "frank"], "may": ["kill", "nice"], "of": "@students"},
          {"who": "bob", "may": ["limit"], "of": "any"},
          {"who": "*", "may": ["ps"], "of": "own"}
        ]
      }
      """;

  /// Signed with, in the name of, to do, to a build that somebody asked for (`-`: nobody knows
  /// who).
  private static final String TABLE =
      """
      alice's       alice   kill    alice   yes
      alice's       alice   freeze  alice   yes
      alice's       alice   thaw    alice   yes
      alice's       alice   ps      alice   yes
      alice's       alice   kill    bob     no
      alice's       alice   kill    dave    no
      alice's       alice   kill    root    no
      alice's       alice   kill    -       no
      alice's       alice   ps      -       no
      alice's       alice   ps      bob     no
      alice's       alice   nice    alice   no
      alice's       alice   limit   alice   no
      alice's       alice   signal  alice   no
      alice's       alice   env     alice   no
      alice's       bob     limit   bob     no
      alice's       carol   kill    alice   no
      alice's       root    kill    alice   no
      bob's         bob     kill    dave    yes
      bob's         bob     kill    erin    yes
      bob's-laptop  bob     kill    erin    yes
      bob's         bob     nice    erin    yes
      bob's         bob     kill    bob     no
      bob's         bob     kill    carol   no
      bob's         bob     kill    -       no
      bob's         bob     freeze  dave    no
      bob's         bob     limit   alice   yes
      bob's         bob     limit   -       yes
      bob's         bob     ps      bob     yes
      bob's         bob     ps      dave    no
      bob's         alice   kill    alice   no
      carol's       carol   kill    alice   yes
      carol's       carol   kill    carol   yes
      carol's       carol   env     root    yes
      carol's       carol   signal  -       yes
      carol's       carol   ps      -       yes
      carol's       infra   kill    alice   no
      carol's       @infra  kill    alice   no
      server's      alice   kill    alice   yes
      server's      alice   kill    bob     no
      server's      bob     kill    dave    yes
      server's      carol   kill    alice   yes
      server's      frank   nice    erin    yes
      server's      frank   limit   erin    no
      server's      dave    ps      dave    yes
      server's      dave    ps      erin    no
      server's      dave    kill    dave    no
      server's      root    kill    root    no
      server's      root    ps      root    yes
      server's      @infra  kill    alice   no
      server's      *       ps      *       no
      server's      alice   ps      -       no
      team's        alice   kill    alice   yes
      team's        erin    ps      erin    yes
      team's        erin    kill    erin    no
      team's        bob     limit   bob     no
      team's        carol   kill    alice   no
      stranger's    alice   kill    alice   no
      stranger's    carol   kill    alice   no
      """;

  private static final String HOST = SigningKey.generate().publicKey();

  /// The same of a host without a file.
  private static final String DEFAULT =
      """
      host's        root    kill    alice   yes
      host's        root    env     -       yes
      host's        root    limit   root    yes
      host's        alice   kill    alice   no
      host's        alice   ps      alice   no
      stranger's    root    kill    root    no
      stranger's    alice   ps      alice   no
      """;

  private static Policy policy() {
    return PolicyFile.parse(named(FILE));
  }

  /// With the keys in place of their names.
  private static String named(String json) {
    String file = json;
    for (Map.Entry<String, String> key : KEYS.entrySet()) {
      file = file.replace('"' + key.getKey() + '"', '"' + key.getValue() + '"');
    }
    return file;
  }

  private static Stream<Executable> rows(Policy policy, Map<String, String> keys, String table) {
    return table
        .lines()
        .map(row ->
            () -> {
              List<String> words = Arrays.asList(row.split(" +", -1));
              String key = keys.getOrDefault(words.get(0), "");
              String issuer = words.get(1);
              boolean allowed =
                  policy.speaksFor(key, issuer)
                      && policy.allows(
                          issuer,
                          words.get(2),
                          Optional.of(words.get(3)).filter(name -> !name.equals("-")));
              assertEquals(words.get(4), allowed ? "yes" : "no", row);
            });
  }

  @Test
  void eachMayWhatTheRulesSayAndNothingElse() {
    assertAll(rows(policy(), KEYS, TABLE));
  }

  @Test
  void withoutAFileRootMayEverythingAndNobodyElseAnything() {
    assertAll(rows(Policy.ofRoot(Set.of(HOST)), Map.of("host's", HOST), DEFAULT));
  }

  @Test
  void noRulesAllowNothing() {
    assertAll(
        rows(
            PolicyFile.parse(named("{\"keys\": {\"alice\": \"alice's\"}}")),
            KEYS,
            "alice's  alice  ps  alice  no"));
  }

  @Test
  void whatNoRuleAllowsOfAnyBuildIsKnownBeforeTheBuildIs() {
    Policy policy = policy();
    assertTrue(policy.mayAllow("alice", "kill"));
    assertEquals(
        List.of(false, false, true),
        List.of(
            policy.mayAllow("alice", "env"),
            policy.mayAllow("dave", "kill"),
            policy.mayAllow("carol", "env")));
  }

  /// What is wrong, and what is said of it.
  private static final Map<String, String> BAD =
      Map.ofEntries(
          Map.entry("{\"keys\": {\"alice\": }}", "line 1 is no JSON"),
          Map.entry("{} {}", "is no JSON"),
          Map.entry("[]", "an object in { } with keys, relays, groups, rules"),
          Map.entry("{\"rule\": []}", "rule: means nothing here: there are keys, relays, groups"),
          Map.entry("{\"keys\": {}, \"keys\": {}}", "Duplicate field 'keys'"),
          Map.entry("{\"keys\": []}", "keys: an object in { }"),
          Map.entry("{\"keys\": {\"alice\": \"x\"}}", "keys.alice: a public key like ed25519:"),
          Map.entry("{\"keys\": {\"alice\": 1}}", "keys.alice: a text like \"alice\""),
          Map.entry("{\"keys\": {\"*\": \"alice's\"}}", "keys: a name, not '*'"),
          Map.entry(
              "{\"keys\": {\"alice\": \"alice's\", \"bob\": \"alice's\"}}", "stands here twice"),
          Map.entry(
              "{\"keys\": {\"alice\": \"alice's\"}, \"relays\": {\"alice's\": \"*\"}}",
              "relays: " + KEYS.get("alice's") + " stands here twice"),
          Map.entry("{\"relays\": {\"x\": \"*\"}}", "relays: a public key like ed25519:"),
          Map.entry("{\"relays\": {\"bob's\": \"@infra\"}}", "a name, not '@infra'"),
          Map.entry(
              "{\"groups\": {\"infra\": [\"@other\"]}}", "groups.infra: a name, not '@other'"),
          Map.entry("{\"rules\": {}}", "rules: a list of rules in [ ]"),
          Map.entry("{\"rules\": [7]}", "rules[0]: an object in { } with who, may, of"),
          Map.entry("{\"rules\": [{\"may\": \"*\", \"of\": \"any\"}]}", "rules[0].who: a text"),
          Map.entry(
              "{\"rules\": [{\"who\": \"*\", \"may\": \"kil\", \"of\": \"any\"}]}",
              "rules[0].may: 'kil' is no action: freeze, thaw, kill, nice, limit, signal, ps, env"),
          Map.entry(
              "{\"rules\": [{\"who\": \"*\", \"may\": \"ps\", \"of\": \"mine\"}]}",
              "rules[0].of: whose builds: \"any\", \"own\" or \"@GROUP\", not 'mine'"),
          Map.entry(
              "{\"rules\": [{\"who\": \"*\", \"may\": \"ps\"}]}", "rules[0].of: whose builds"),
          Map.entry(
              "{\"rules\": [{\"who\": \"@infra\", \"may\": \"ps\", \"of\": \"any\"}]}",
              "rules[0].who: there is no group 'infra'"),
          Map.entry(
              "{\"rules\": [{\"who\": \"*\", \"may\": \"ps\", \"of\": \"@infra\"}]}",
              "rules[0].of: there is no group 'infra'"),
          Map.entry(
              "{\"rules\": [{\"who\": \"*\", \"may\": \"ps\", \"of\": \"any\", \"on\": \"x\"}]}",
              "rules[0].on: means nothing here"));

  @Test
  void aBadFileIsRefusedByTheKeyThatIsWrong() {
    assertAll(
        BAD.entrySet().stream()
            .map(bad ->
                () -> {
                  IllegalArgumentException e =
                      assertThrows(
                          IllegalArgumentException.class,
                          () -> PolicyFile.parse(named(bad.getKey())),
                          bad.getKey());
                  String says = String.valueOf(e.getMessage());
                  assertTrue(says.contains(bad.getValue()), bad.getKey() + ": " + says);
                }));
  }

  @Test
  void aBadFileIsNamed(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("control.json"), "{\"rule\": []}");

    IOException e = assertThrows(IOException.class, () -> PolicyFile.read(file));

    assertTrue(String.valueOf(e.getMessage()).startsWith(file + ": rule: "), e.toString());
  }

  @Test
  void aFileThatOthersMayWriteIsRefused(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("control.json"), named(FILE));
    assertEquals(policy(), PolicyFile.read(file));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));

    IOException e = assertThrows(IOException.class, () -> PolicyFile.read(file));

    assertTrue(String.valueOf(e.getMessage()).contains("chmod go-w " + file), e.toString());
  }
}
