package dev.nixtape.projections.derivations;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// What became of a derivation in a run, what matters most first.
public enum NodeState {
  FAILED,
  INTERRUPTED,
  /// Not begun, because something that it needs failed or was interrupted.
  BLOCKED,
  /// It is built or substituted now.
  RUNNING,
  /// Not begun, because something that it needs is not there yet.
  WAITING,
  BUILT,
  SUBSTITUTED,
  /// It was there: something that needs it was built, and it was not.
  THERE,
  /// Nobody knows.
  UNKNOWN,
  /// Only needed by what was there.
  UNNEEDED;

  private final String json = name().toLowerCase(Locale.ROOT);

  @JsonValue
  public String json() {
    return json;
  }
}
