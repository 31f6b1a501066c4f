package dev.nixtape.projections.nix;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What one line of Nix's event stream says. Ids are unsigned 64-bit numbers: (pid of the opening
/// process << 32) + counter. Numbers of types and their fields: Nix,
/// src/libutil/include/nix/util/logging.hh and the uses of `Activity`.
public sealed interface NixEvent {

  /// The pid of the process that opened an activity.
  static long opener(long id) {
    return id >>> 32;
  }

  /// An activity begins.
  ///
  /// @param parent 0 when it has none (or Nix is older than 2.18)
  /// @param fields as text, numbers in decimal
  record Start(long id, long parent, ActivityType type, String text, List<String> fields)
      implements NixEvent {
    public Start {
      fields = List.copyOf(fields);
    }

    /// The field at `index`, "" when there are fewer.
    public String field(int index) {
      return index < fields.size() ? fields.get(index) : "";
    }
  }

  /// An activity ended; how, the line does not say.
  record Stop(long id) implements NixEvent {}

  /// Something about an open activity.
  sealed interface Result extends NixEvent {
    long id();
  }

  /// A line that the builder (101) or the post-build hook (107) wrote.
  record LogLine(long id) implements Result {}

  /// The builder entered a phase (104).
  record Phase(long id, String phase) implements Result {}

  /// How far it is (105): bytes for copies and downloads, counts for the roots of a worker.
  record Progress(long id, long done, long expected, long running, long failed) implements Result {}

  /// What Determinate Nix says of a finished build (110).
  ///
  /// @param success null when that version does not say
  record BuildResult(long id, String status, @Nullable Boolean success, String error)
      implements Result {}

  /// A result of a known type that no projection needs: 100, 102, 103, 106, 108, 109.
  record Other(long id, int type) implements Result {}

  /// Text for a person.
  ///
  /// @param level 0 error … 7 vomit
  record Message(int level, String text) implements NixEvent {}

  /// A line between the events of a pipe or file that is none itself: somebody else's output.
  record Text() implements NixEvent {}

  /// A line that means nothing to this parser; the log keeps it.
  record Unrecognised(String why) implements NixEvent {}
}
