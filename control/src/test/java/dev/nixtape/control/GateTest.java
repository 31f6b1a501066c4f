package dev.nixtape.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.control.Gate.Verdict;
import dev.nixtape.control.Policy.Rule;
import dev.nixtape.control.Policy.Whose;
import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.ControlRecord.Ordered;
import dev.nixtape.projections.control.Result.Ending;
import dev.nixtape.projections.control.Result.Expired;
import dev.nixtape.projections.control.Result.Refused;
import dev.nixtape.projections.control.Result.Why;
import dev.nixtape.projections.control.SigningKey;
import java.nio.charset.StandardCharsets;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// What is believed of a command, and what is not.
class GateTest {
  private static final Instant NOW = Instant.parse("2026-11-17T14:03:00Z");
  private static final SigningKey ALICE = SigningKey.generate();
  private static final SigningKey SERVER = SigningKey.generate();
  private static final SigningKey STRANGER = SigningKey.generate();

  private static final Gate GATE =
      new Gate(
          "builder-7",
          new Policy(
              Map.of(ALICE.publicKey(), Set.of("alice"), SERVER.publicKey(), Set.of("*")),
              Map.of(),
              List.of(new Rule(Set.of("alice"), Set.of("kill"), new Whose.Own()))));

  private static Command command(String host, String issuer, Action action, Instant at) {
    return new Command(
        Command.id(at, 1, 2),
        host,
        new Command.Target("0123456789abcdfg", "/nix/store/0000-hello-1.0.drv"),
        action,
        issuer,
        at,
        at.plus(Command.PATIENCE),
        "");
  }

  private static Command kill() {
    return command("builder-7", "alice", new Action.Kill(), NOW);
  }

  private static Verdict judge(Ordered order, Instant now) {
    return GATE.judge(order, _ -> OptionalLong.empty(), now);
  }

  private static Refused disbelieved(Ordered order) {
    return assertInstanceOf(Verdict.Disbelieved.class, judge(order, NOW)).ending();
  }

  private static Ending declined(Ordered order, Instant now) {
    return assertInstanceOf(Verdict.Declined.class, judge(order, now)).ending();
  }

  private static void assertRefused(Why why, String says, Ending ending) {
    Refused refused = assertInstanceOf(Refused.class, ending);
    assertEquals(why, refused.why());
    assertTrue(refused.says().contains(says), refused.says());
  }

  /// Bytes that were signed, whatever they are.
  private static Ordered signed(SigningKey key, byte[] json) throws Exception {
    Signature signature = Signature.getInstance("Ed25519");
    signature.initSign(key.key());
    signature.update("nixtape command 1\n".getBytes(UTF_8));
    signature.update(json);
    return new Ordered(ByteSlice.of(json), key.publicKey(), ByteSlice.of(signature.sign()));
  }

  @Test
  void whatItsIssuerSignedIsAdmitted() {
    assertEquals(new Verdict.Admitted(kill()), judge(ALICE.sign(kill()), NOW));
  }

  @Test
  void aServerThatMaySpeakForOthersDoes() {
    assertEquals(new Verdict.Admitted(kill()), judge(SERVER.sign(kill()), NOW));
  }

  @Test
  void whatNobodySignedIsRefused() {
    Ordered order = ALICE.sign(kill());
    assertRefused(
        Why.UNSIGNED,
        "nixtape key generate",
        disbelieved(new Ordered(order.json(), order.key(), ByteSlice.EMPTY)));
    assertRefused(
        Why.UNSIGNED,
        "it is not signed",
        disbelieved(new Ordered(order.json(), "", order.signature())));
  }

  @Test
  void aKeyThatThePolicyDoesNotNameIsRefused() {
    assertRefused(
        Why.UNKNOWN_KEY,
        "the policy of builder-7 does not name its key " + STRANGER.publicKey(),
        disbelieved(STRANGER.sign(kill())));
    assertRefused(
        Why.UNKNOWN_KEY,
        "x…",
        disbelieved(
            new Ordered(
                ByteSlice.of(new byte[0]), "x".repeat(100_000), ByteSlice.of(new byte[] {1}))));
  }

  @Test
  void whateverByteWasChangedItIsRefusedAsAltered() {
    Ordered order = ALICE.sign(kill());
    for (int i = 0; i < order.json().length(); i++) {
      byte[] json = order.json().toArray();
      json[i] ^= (byte) (1 << i % 8);
      assertRefused(
          Why.ALTERED,
          "it is not what was signed with " + ALICE.publicKey(),
          disbelieved(new Ordered(ByteSlice.of(json), order.key(), order.signature())));
    }
    for (int i = 0; i < order.signature().length(); i++) {
      byte[] signature = order.signature().toArray();
      signature[i] ^= (byte) (1 << i % 8);
      assertRefused(
          Why.ALTERED,
          "it is not what was signed with",
          disbelieved(new Ordered(order.json(), order.key(), ByteSlice.of(signature))));
    }
  }

  @Test
  void anothersSignatureIsNoSignature() {
    Ordered order = STRANGER.sign(kill());
    assertRefused(
        Why.ALTERED,
        "signed with another key",
        disbelieved(new Ordered(order.json(), ALICE.publicKey(), order.signature())));
  }

  @Test
  void nobodySpeaksForAnotherUnlessThePolicySaysSo() {
    assertRefused(
        Why.NOT_ALLOWED,
        "does not let " + ALICE.publicKey() + " speak for bob",
        disbelieved(ALICE.sign(command("builder-7", "bob", new Action.Kill(), NOW))));
  }

  @Test
  void anIdThatItClaimsIsRepeatedSoThatItsIssuerFindsTheAnswer() {
    Command kill = kill();
    assertEquals(
        kill.id(),
        assertInstanceOf(Verdict.Disbelieved.class, judge(STRANGER.sign(kill), NOW)).id());
  }

  @Test
  void whatIsForAnotherHostIsRefused() {
    assertRefused(
        Why.MISADDRESSED,
        "it is for builder-8, and this is builder-7",
        declined(ALICE.sign(command("builder-8", "alice", new Action.Kill(), NOW)), NOW));
  }

  @Test
  void whatWasSeenBeforeIsRefused() {
    Verdict verdict = GATE.judge(ALICE.sign(kill()), _ -> OptionalLong.of(41), NOW);
    assertRefused(
        Why.REPLAYED,
        "it came before, at offset 41",
        assertInstanceOf(Verdict.Declined.class, verdict).ending());
  }

  @Test
  void whatComesFromTheFutureIsRefused() {
    Ordered order = ALICE.sign(kill());
    assertInstanceOf(Verdict.Admitted.class, judge(order, NOW.minus(Gate.SKEW)));
    assertRefused(
        Why.EARLY,
        "on builder-7 it is 2026-11-17T14:01:29Z, 91 s before that",
        declined(order, NOW.minusSeconds(91)));
    assertRefused(
        Why.EARLY, "60 s before that", declined(order, NOW.minus(Gate.SKEW).minusNanos(1)));
  }

  @Test
  void whatIsLateIsNotDone() {
    Ordered order = ALICE.sign(kill());
    Instant deadline = NOW.plus(Command.PATIENCE);
    assertInstanceOf(Verdict.Admitted.class, judge(order, deadline));
    assertEquals(new Expired(0), declined(order, deadline.plusNanos(1)));
    assertEquals(new Expired(3_600_000), declined(order, deadline.plus(Duration.ofHours(1))));
  }

  @Test
  void whatNoRuleAllowsIsRefusedWithoutALookAtTheBuild() {
    assertRefused(
        Why.NOT_ALLOWED,
        "the policy of builder-7 lets alice freeze nobody's builds",
        declined(ALICE.sign(command("builder-7", "alice", new Action.Freeze(), NOW)), NOW));
    assertRefused(
        Why.NOT_ALLOWED,
        "lets bob kill nobody's builds",
        declined(SERVER.sign(command("builder-7", "bob", new Action.Kill(), NOW)), NOW));
  }

  @Test
  void whatIsSignedAndNoCommandIsRefused() throws Exception {
    for (String json :
        List.of(
            "",
            "null",
            "7",
            "[]",
            "{}",
            "{\"id\":null}",
            new String(ALICE.sign(kill()).json().toArray(), UTF_8).replace("kill", "explode"),
            new String(ALICE.sign(kill()).json().toArray(), UTF_8).replace("\"alice\"", "null"),
            new String(ALICE.sign(kill()).json().toArray(), UTF_8)
                .replace("2026-11-17T14:03:30", "2027-11-17T14:03:30"))) {
      assertRefused(
          Why.UNREADABLE, "no command: ", disbelieved(signed(ALICE, json.getBytes(UTF_8))));
    }
  }

  /// Whoever has a key can sign anything.
  @Test
  void nothingThatIsSignedBreaksTheGate() throws Exception {
    Random random = new Random(7);
    byte[] json = ALICE.sign(kill()).json().toArray();
    for (int round = 0; round < 1_000; round++) {
      byte[] broken = json.clone();
      for (int change = 0; change <= random.nextInt(3); change++) {
        broken[random.nextInt(broken.length)] = (byte) random.nextInt(' ', 127);
      }
      String text = new String(broken, StandardCharsets.US_ASCII);
      Verdict verdict = judge(signed(ALICE, broken), NOW);
      if (verdict instanceof Verdict.Admitted(Command command)) {
        assertEquals("alice", command.issuer(), text);
        assertEquals("builder-7", command.host(), text);
        assertEquals("kill", command.action().verb(), text);
        assertTrue(!NOW.isAfter(command.deadline()), text);
      }
    }
  }

  @Test
  void anIdIsRememberedLongerThanItsCommandLives() {
    SeenIds seen = new SeenIds();
    UUID id = kill().id();
    seen.add(id, 7, NOW);
    seen.add(id, 8, NOW);
    assertEquals(OptionalLong.of(7), seen.offset(id));

    seen.add(new UUID(1, 1), 9, NOW.plus(Command.LONGEST).plus(Gate.SKEW));
    assertEquals(OptionalLong.of(7), seen.offset(id));

    seen.add(new UUID(2, 2), 10, NOW.plus(Duration.ofDays(1)));
    assertEquals(OptionalLong.empty(), seen.offset(id));
  }
}
