package dev.nixtape.cli.doctor;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/// What a check found.
///
/// @param about the link of the chain that was looked at: `nix`, `socket`, `kafka`, …
/// @param what what is the case, and where
/// @param todo what to do about it; null when there is nothing to do
public record Finding(Level level, String about, String what, @Nullable String todo) {

  public enum Level {
    @JsonProperty("ok")
    OK,
    /// Worth knowing; nothing that is asked for is missing.
    @JsonProperty("note")
    NOTE,
    /// Something that should be recorded or answered is not.
    @JsonProperty("wrong")
    WRONG
  }

  public Finding {
    if (level == Level.WRONG && todo == null) {
      throw new IllegalArgumentException("what is wrong needs words on what to do: " + what);
    }
  }

  static Finding ok(String about, String what) {
    return new Finding(Level.OK, about, what, null);
  }

  static Finding note(String about, String what, String todo) {
    return new Finding(Level.NOTE, about, what, todo);
  }

  static Finding wrong(String about, String what, String todo) {
    return new Finding(Level.WRONG, about, what, todo);
  }

  static Finding of(boolean wrong, String about, String what, String todo) {
    return wrong ? wrong(about, what, todo) : note(about, what, todo);
  }
}
