package dev.nixtape.projections.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class ControlRecordTest {
  private static final Instant NOW = Instant.parse("2026-11-17T14:03:00.123Z");
  private static final SigningKey KEY = SigningKey.generate();

  private static Command command(Action action) {
    return new Command(
        Command.id(NOW, 0x1234_5678_9abc_def0L, -1),
        "builder-7",
        new Command.Target("0123456789abcdfg", "/nix/store/0000-hello-1.0.drv"),
        action,
        "alice",
        NOW,
        NOW.plus(Command.PATIENCE),
        "it eats the machine");
  }

  @Test
  void whatIsSignedIsReadAgain() {
    for (Action action :
        List.of(
            new Action.Freeze(),
            new Action.Thaw(),
            new Action.Kill(),
            new Action.Nice(50),
            new Action.Limit(150L, 4L << 30, null, Action.Limit.MAX),
            new Action.Signal("TERM"),
            new Action.Processes(),
            new Action.Environment())) {
      ControlRecord.Ordered order = KEY.sign(command(action));
      ControlRecord read =
          ControlRecord.read(
              order.json().toArray(),
              header ->
                  switch (header) {
                    case ControlRecord.KIND -> ControlRecord.COMMAND.getBytes(UTF_8);
                    case ControlRecord.KEY -> order.key().getBytes(UTF_8);
                    case ControlRecord.SIGNATURE -> order.signature().toArray();
                    default -> null;
                  });
      assertEquals(order, read);
      assertTrue(SigningKey.signed((ControlRecord.Ordered) read));
      assertEquals(command(action), ((ControlRecord.Ordered) read).command());
    }
  }

  @Test
  void aCommandOfWhichOneBitChangedIsNotSigned() {
    ControlRecord.Ordered order = KEY.sign(command(new Action.Kill()));
    for (int bit = 0; bit < order.json().length() * 8; bit++) {
      byte[] altered = order.json().toArray();
      altered[bit / 8] ^= (byte) (1 << bit % 8);
      assertFalse(
          SigningKey.signed(
              new ControlRecord.Ordered(ByteSlice.of(altered), order.key(), order.signature())));
    }
  }

  @Test
  void anotherKeyHasNotSigned() {
    ControlRecord.Ordered order = KEY.sign(command(new Action.Kill()));
    for (String key : List.of(SigningKey.generate().publicKey(), "", "ed25519:AAAA", "ed25519:!")) {
      assertFalse(
          SigningKey.signed(new ControlRecord.Ordered(order.json(), key, order.signature())));
    }
    assertFalse(
        SigningKey.signed(new ControlRecord.Ordered(order.json(), order.key(), ByteSlice.EMPTY)));
  }

  @Test
  void aKeyIsReadFromItsFile() {
    SigningKey read = SigningKey.ofPem(KEY.toPem());
    assertEquals(KEY.publicKey(), read.publicKey());
    ControlRecord.Ordered order = read.sign(command(new Action.Thaw()));
    assertTrue(SigningKey.signed(order));
    assertThrows(IllegalArgumentException.class, () -> SigningKey.ofPem("hello"));
  }

  @Test
  void everyEndingIsReadAgain() {
    for (Result.Ending ending :
        List.of(
            new Result.Done(List.of("wrote 1 to /sys/fs/cgroup/x/cgroup.freeze")),
            new Result.Refused(Result.Why.NOT_ALLOWED, "the policy of builder-7 does not say so"),
            new Result.Expired(31_000),
            new Result.Shown(
                List.of(new Result.Process(7, 1, "R", 1_200, 1 << 20, List.of("sh", "-c"))), null),
            new Result.Shown(null, new TreeMap<>(Map.of("TOKEN", "***"))))) {
      Result result = new Result(command(new Action.Kill()).id(), "builder-7", 42, NOW, ending);
      assertEquals(
          new ControlRecord.Answered(result),
          ControlRecord.read(
              Json.write(result),
              header ->
                  header.equals(ControlRecord.KIND) ? ControlRecord.RESULT.getBytes(UTF_8) : null));
    }
  }

  @Test
  void aCommandHasADeadlineThatAnAgentCanRemember() {
    Command kill = command(new Action.Kill());
    for (Duration bad : List.of(Duration.ZERO, Duration.ofMinutes(11))) {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              new Command(
                  kill.id(), "h", kill.target(), kill.action(), "a", NOW, NOW.plus(bad), ""));
    }
  }

  /// The kernel's own: `echo N > cpu.weight.nice; cat cpu.weight`.
  @Test
  void niceIsTheKernels() {
    assertEquals(100, Action.Nice.ofNice(0).weight());
    assertEquals(8668, Action.Nice.ofNice(-20).weight());
    assertEquals(1, Action.Nice.ofNice(19).weight());
    assertEquals(11, Action.Nice.ofNice(10).weight());
  }
}
