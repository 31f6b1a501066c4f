package dev.nixtape.projections.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a query server is asked to put on record; its fields say which of the two it is.
@JsonTypeInfo(use = JsonTypeInfo.Id.DEDUCTION)
@JsonSubTypes({
  @JsonSubTypes.Type(CommandRequest.SpokenFor.class),
  @JsonSubTypes.Type(CommandRequest.Relayed.class)
})
public sealed interface CommandRequest {

  /// The server speaks for whoever asks it: it knows them, and signs with its own key.
  ///
  /// @param reason in their words, "" when they give none
  /// @param deadlineMs milliseconds that an agent has; null for the usual
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record SpokenFor(
      Action action, Targets targets, @Nullable String reason, @Nullable Long deadlineMs)
      implements CommandRequest {
    public SpokenFor {
      Objects.requireNonNull(action, "action");
      Objects.requireNonNull(targets, "targets");
    }
  }

  /// Commands that their issuer signed; the server only passes them on.
  record Relayed(List<ControlRecord.Ordered> signed) implements CommandRequest {
    public Relayed {
      signed = List.copyOf(signed);
    }
  }

  /// A command that was put on record.
  record Issued(java.util.UUID id, String host, Command.Target target) {}

  /// @param left what nobody could be asked to act on
  record Answer(List<Issued> issued, List<Plan.Left> left) {
    public Answer {
      issued = List.copyOf(issued);
      left = List.copyOf(left);
    }
  }
}
