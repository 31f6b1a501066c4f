package dev.nixtape.projections.control;

import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/// The commands that were put on record, for all hosts. Streams are closed by who asked.
public interface Commands {
  /// Newest first. What builds were seen to do and hold is left out.
  Stream<CommandView> commands(CommandQuery query);

  /// One command, whole.
  Optional<CommandView> command(UUID id);
}
