package dev.nixtape.projections.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.MapKeyValues;
import dev.nixtape.projections.control.Result.Done;
import dev.nixtape.projections.control.Result.Ending;
import dev.nixtape.projections.control.Result.Refused;
import dev.nixtape.projections.control.Result.Shown;
import dev.nixtape.projections.control.Result.Why;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class AuditTest {
  private static final Instant NOW = Instant.parse("2026-01-31T14:03:00Z");
  private static final SigningKey KEY = SigningKey.generate();
  private static final Command KILL =
      new Command(
          Command.id(NOW, 1, 2),
          "h1",
          new Command.Target("a", "/nix/store/x.drv"),
          new Action.Kill(),
          "alice",
          NOW,
          NOW.plusSeconds(30),
          "");
  private static final Ending DONE = new Done(List.of("wrote 1 to cgroup.kill"));
  private static final Ending REPLAYED = new Refused(Why.REPLAYED, "seen before");

  private final MapKeyValues store = new MapKeyValues();
  private final Audit audit = new Audit(store);

  private void order(long offset) {
    audit.add(KEY.sign(KILL), "h1", NOW.plusMillis(offset), offset);
  }

  private void answer(String host, long offset, Ending ending) {
    audit.add(
        new ControlRecord.Answered(new Result(KILL.id(), host, offset, NOW, ending)),
        host,
        NOW,
        offset + 1);
  }

  private CommandView view() {
    return Json.read(
        Objects.requireNonNull(store.get(Audit.COMMAND + KILL.id())), CommandView.class);
  }

  @Test
  void aCommandIsKeptWithItsResult() {
    order(7);
    assertNull(view().result());

    answer("h1", 7, DONE);

    assertEquals(KILL, view().command());
    assertTrue(view().signed());
    assertTrue(view().addressed());
    assertEquals(DONE, Objects.requireNonNull(view().result()).ending());
    assertEquals(List.of(), view().attempts());
  }

  @Test
  void whatIsAnsweredToARepetitionNeverBecomesTheResult() {
    order(7);
    order(9);
    answer("h1", 9, REPLAYED);
    assertNull(view().result());
    answer("h1", 7, DONE);
    answer("h1", 7, REPLAYED);

    assertEquals(7, view().offset());
    assertEquals(DONE, Objects.requireNonNull(view().result()).ending());
    assertEquals(
        List.of(REPLAYED, REPLAYED), view().attempts().stream().map(Result::ending).toList());
  }

  @Test
  void anotherHostsAnswerIsNotTheResult() {
    order(7);
    answer("h2", 7, DONE);

    assertNull(view().result());
    assertEquals("h2", view().attempts().getFirst().host());
  }

  @Test
  void whoeverRepeatsARecordForEverFillsNoStore() {
    order(0);
    for (int i = 1; i <= 100; i++) {
      answer("h1", i, REPLAYED);
    }

    assertEquals(CommandView.KEPT, view().attempts().size());
    assertEquals(100, view().attempted());
  }

  @Test
  void aCommandThatNobodySignedIsKeptAsThat() {
    audit.add(
        new ControlRecord.Ordered(ByteSlice.of(Json.write(KILL)), KEY.publicKey(), ByteSlice.EMPTY),
        "h2",
        NOW,
        0);

    assertFalse(view().signed());
    assertFalse(view().addressed());
    assertEquals("h2", view().recordedFor());
  }

  @Test
  void whatLacksAnythingIsNoCommand() {
    for (String json :
        List.of(
            "",
            "[]",
            "{}",
            new String(Json.write(KILL), StandardCharsets.UTF_8).replace("\"host\"", "\"hose\""),
            new String(Json.write(KILL), StandardCharsets.UTF_8).replace("\"drvPath\"", "\"path\""),
            new String(Json.write(KILL), StandardCharsets.UTF_8).replace("kill", "dance"))) {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              audit.add(
                  new ControlRecord.Ordered(ByteSlice.of(json), "", ByteSlice.EMPTY), "h1", NOW, 0),
          json);
    }
    assertEquals(List.of(), store.range("", "\uffff"));
  }

  @Test
  void commandsAreInTheOrderOfTheirRecords() {
    order(7);

    String key =
        store.range(Audit.timeKey(NOW), Audit.timeKey(NOW.plusSeconds(1))).getFirst().getKey();
    assertEquals(Audit.COMMAND + KILL.id(), Audit.commandKey(key));
    assertEquals(List.of(), store.range(Audit.timeKey(NOW.plusSeconds(1)), Audit.TIME + "\uffff"));
  }

  @Test
  void whatABuildWasSeenToHoldIsLeftOutForOthers() {
    order(0);
    answer("h1", 0, new Shown(null, new TreeMap<>(java.util.Map.of("TOKEN", "x"))));

    assertFalse(
        new String(Json.write(view().withoutSights()), StandardCharsets.UTF_8).contains("TOKEN"));
    assertTrue(new String(Json.write(view()), StandardCharsets.UTF_8).contains("TOKEN"));
  }
}
