package dev.nixtape.control;

import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.ControlRecord;
import dev.nixtape.projections.control.Result.Ending;
import dev.nixtape.projections.control.Result.Expired;
import dev.nixtape.projections.control.Result.Refused;
import dev.nixtape.projections.control.Result.Why;
import dev.nixtape.projections.control.SigningKey;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What a command must pass before its build is looked for.
///
/// @param host whose agent it is
record Gate(String host, Policy policy) {
  /// How far an issuer's clock may be ahead. A command from further on could be sent again when
  /// this agent has forgotten its id.
  static final Duration SKEW = Duration.ofMinutes(1);

  /// Of what others wrote, so much is repeated in an answer.
  private static final int SHOWN = 200;

  sealed interface Verdict {
    record Admitted(Command command) implements Verdict {}

    /// Its issuer's word, but not to be carried out.
    record Declined(Command command, Ending ending) implements Verdict {}

    /// Nobody's word.
    ///
    /// @param id that it claims to have; null when it has none
    record Disbelieved(@Nullable UUID id, Refused ending) implements Verdict {}
  }

  /// @param seen the offset that a command's id was seen at before
  /// @param now by the agent's clock
  Verdict judge(ControlRecord.Ordered order, Function<UUID, OptionalLong> seen, Instant now) {
    if (order.signature().isEmpty() || order.key().isEmpty()) {
      return disbelieved(
          order,
          Why.UNSIGNED,
          "it is not signed: make a key ('nixtape key generate') and have %s's policy name it"
              .formatted(host));
    }
    if (!policy.knows(order.key())) {
      return disbelieved(
          order,
          Why.UNKNOWN_KEY,
          "the policy of %s does not name its key %s".formatted(host, shown(order.key())));
    }
    if (!SigningKey.signed(order)) {
      return disbelieved(
          order,
          Why.ALTERED,
          "it is not what was signed with %s, or signed with another key".formatted(order.key()));
    }
    Command command;
    try {
      command = order.command();
    } catch (IllegalArgumentException e) {
      return new Verdict.Disbelieved(null, unreadable(e));
    }
    if (!policy.speaksFor(order.key(), command.issuer())) {
      return disbelieved(
          order,
          Why.NOT_ALLOWED,
          "the policy of %s does not let %s speak for %s"
              .formatted(host, order.key(), shown(command.issuer())));
    }
    return judge(command, seen.apply(command.id()), now);
  }

  private Verdict judge(Command command, OptionalLong seen, Instant now) {
    if (!command.host().equals(host)) {
      return declined(
          command,
          Why.MISADDRESSED,
          "it is for %s, and this is %s".formatted(shown(command.host()), host));
    }
    if (seen.isPresent()) {
      return declined(
          command,
          Why.REPLAYED,
          "it came before, at offset %d: a command is obeyed once".formatted(seen.getAsLong()));
    }
    Duration ahead = Duration.between(now, command.at());
    if (ahead.compareTo(SKEW) > 0) {
      return declined(
          command,
          Why.EARLY,
          "it was issued at %s, and on %s it is %s, %d s before that: set the clock that is wrong"
              .formatted(command.at(), host, now, ahead.toSeconds()));
    }
    if (now.isAfter(command.deadline())) {
      return new Verdict.Declined(command, expired(command, now));
    }
    String verb = command.action().verb();
    if (!policy.mayAllow(command.issuer(), verb)) {
      return declined(
          command,
          Why.NOT_ALLOWED,
          "the policy of %s lets %s %s nobody's builds".formatted(host, command.issuer(), verb));
    }
    return new Verdict.Admitted(command);
  }

  static Expired expired(Command command, Instant now) {
    return new Expired(Duration.between(command.deadline(), now).toMillis());
  }

  static Refused unreadable(IllegalArgumentException e) {
    return new Refused(Why.UNREADABLE, shown(String.valueOf(e.getMessage())));
  }

  private static Verdict declined(Command command, Why why, String says) {
    return new Verdict.Declined(command, new Refused(why, says));
  }

  private static Verdict disbelieved(ControlRecord.Ordered order, Why why, String says) {
    UUID id;
    try {
      id = order.command().id();
    } catch (IllegalArgumentException _) {
      id = null;
    }
    return new Verdict.Disbelieved(id, new Refused(why, says));
  }

  private static String shown(String text) {
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
  }
}
