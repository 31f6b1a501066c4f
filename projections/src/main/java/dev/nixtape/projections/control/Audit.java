package dev.nixtape.projections.control;

import dev.nixtape.projections.Json;
import dev.nixtape.projections.KeyValues;
import dev.nixtape.projections.Rfc3339;
import java.time.Instant;
import java.util.UUID;

/// Keeps the commands of one partition of `nixtape.control` with what became of them.
///
/// | key | value |
/// |---|---|
/// | `command/ID` | a `CommandView` |
/// | `time/RECORDED/ID` | nothing |
public final class Audit {
  public static final String COMMAND = "command/";
  public static final String TIME = "time/";

  private static final byte[] NOTHING = {};

  private final KeyValues store;

  public Audit(KeyValues store) {
    this.store = store;
  }

  /// Adds a record. Throws `IllegalArgumentException` for an order without a command.
  ///
  /// @param key of the record: the host that it is for
  public void add(ControlRecord record, String key, Instant at, long offset) {
    switch (record) {
      case ControlRecord.Ordered order -> add(CommandView.of(order, at, key, offset));
      case ControlRecord.Answered(Result result) -> add(result);
    }
  }

  /// What has the same id later is a repetition; only an agent's answer to it is worth keeping.
  private void add(CommandView view) {
    String id = view.command().id().toString();
    if (store.get(COMMAND + id) == null) {
      store.put(COMMAND + id, Json.write(view));
      store.put(timeKey(view.recordedAt()) + "/" + id, NOTHING);
    }
  }

  private void add(Result result) {
    UUID id = result.command();
    byte[] known = id == null ? null : store.get(COMMAND + id);
    if (known != null) {
      store.put(COMMAND + id, Json.write(Json.read(known, CommandView.class).answered(result)));
    }
  }

  /// What the keys of commands that were recorded at that time begin with.
  public static String timeKey(Instant at) {
    return TIME + Rfc3339.write(at);
  }

  /// The command that a key of `time/` is of.
  public static String commandKey(String timeKey) {
    return COMMAND + timeKey.substring(timeKey.lastIndexOf('/') + 1);
  }
}
