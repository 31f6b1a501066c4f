package dev.nixtape.projections.control;

import dev.nixtape.projections.control.Result.Shown;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A command that is on record, and what became of it.
///
/// @param key the public key that it says it is signed with; "" when it has none
/// @param signed whether it is: without, nothing of the command is to be believed
/// @param recordedAt by the clock of who put it on record
/// @param recordedFor the host under whose name it stands; another one than the command's when
///   somebody misdirected it
/// @param offset of its record in its partition of `nixtape.control`
/// @param result null while no agent has answered
/// @param attempts the first answers to anything else that has its id: a record that was sent
///   twice, a second answer
/// @param attempted how many those were
public record CommandView(
    Command command,
    String key,
    boolean signed,
    Instant recordedAt,
    String recordedFor,
    long offset,
    @Nullable Result result,
    List<Result> attempts,
    long attempted) {

  /// Attempts that are kept: whoever repeats a record for ever fills no store.
  static final int KEPT = 10;

  public CommandView {
    attempts = List.copyOf(attempts);
  }

  /// @throws IllegalArgumentException when the order holds no command
  static CommandView of(
      ControlRecord.Ordered order, Instant recordedAt, String recordedFor, long offset) {
    return new CommandView(
        order.command(),
        order.key(),
        SigningKey.signed(order),
        recordedAt,
        recordedFor,
        offset,
        null,
        List.of(),
        0);
  }

  /// Whether it stands where the agent reads that it is for.
  public boolean addressed() {
    return recordedFor.equals(command.host());
  }

  /// With what an agent answered. The first answer to this very record is its result for good.
  CommandView answered(Result answer) {
    if (result == null && answer.offset() == offset && answer.host().equals(command.host())) {
      return with(answer, attempts, attempted);
    }
    List<Result> more = new ArrayList<>(attempts);
    if (more.size() < KEPT) {
      more.add(answer);
    }
    return with(result, more, attempted + 1);
  }

  /// Without what a build was seen to do and hold: that is for who asked for it.
  public CommandView withoutSights() {
    return with(
        result == null ? null : blind(result),
        attempts.stream().map(CommandView::blind).toList(),
        attempted);
  }

  private static Result blind(Result result) {
    return result.ending() instanceof Shown
        ? new Result(
            result.command(), result.host(), result.offset(), result.at(), new Shown(null, null))
        : result;
  }

  private CommandView with(@Nullable Result result, List<Result> attempts, long attempted) {
    return new CommandView(
        command, key, signed, recordedAt, recordedFor, offset, result, attempts, attempted);
  }
}
