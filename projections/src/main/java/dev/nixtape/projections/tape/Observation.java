package dev.nixtape.projections.tape;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/// What a shim saw on its host, beside the stream, because the stream does not say it.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "saw")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Observation.DerivationRead.class, name = "derivation"),
  @JsonSubTypes.Type(value = Observation.DerivationKnown.class, name = "input"),
  @JsonSubTypes.Type(value = Observation.Planned.class, name = "plan"),
  @JsonSubTypes.Type(value = Observation.OutputsChecked.class, name = "outputs"),
  @JsonSubTypes.Type(value = Observation.Unreadable.class, name = "unreadable")
})
public sealed interface Observation {
  /// Nix's id of the build whose start or stop made the shim look.
  long activity();

  /// The derivation file at a build's start.
  ///
  /// @param text the .drv as it stands in the store (ATerm)
  /// @param present the outputs that were in the store before the build
  record DerivationRead(long activity, String drvPath, String text, List<String> present)
      implements Observation {
    public DerivationRead {
      present = List.copyOf(present);
    }
  }

  /// A derivation that a build needs, directly or not. Each is told once in a shim's life.
  ///
  /// @param activity the build for which it was read
  /// @param text the .drv as it stands in the store (ATerm); "" when Kafka did not take it
  record DerivationKnown(long activity, String drvPath, String text) implements Observation {}

  /// What a client is about to have built, of which nothing else that it is about to have built
  /// needs it: what it asked for, as far as that is not there.
  record Planned(List<String> drvPaths) implements Observation {
    public Planned {
      drvPaths = List.copyOf(drvPaths);
    }

    /// None: nothing is built yet.
    @Override
    public long activity() {
      return 0;
    }
  }

  /// A build's outputs after its stop. Present means: in the store, in the form that Nix gives to
  /// what it registers (time of modification 1 second after the epoch), so that what a failed build
  /// left lying does not count.
  record OutputsChecked(long activity, String drvPath, List<String> present, List<String> absent)
      implements Observation {
    public OutputsChecked {
      present = List.copyOf(present);
      absent = List.copyOf(absent);
    }
  }

  /// The shim looked and could not see; no more observations of that build follow.
  record Unreadable(long activity, String drvPath, String why) implements Observation {}
}
