package dev.nixtape.projections.tape;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import org.jspecify.annotations.Nullable;

/// What a host's control agent says of a build, where Nix says it too: so that both are read in one
/// order.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "says")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Report.Killing.class, name = "killing"),
  @JsonSubTypes.Type(value = Report.Used.class, name = "used")
})
public sealed interface Report {
  String drvPath();

  /// It is about to be killed, because somebody wants it. Stands in the log before what comes of
  /// it.
  ///
  /// @param command the id of the command
  /// @param by the principal who issued it
  /// @param reason in their words; "" when they gave none
  record Killing(String drvPath, String command, String by, String reason) implements Report {}

  /// What it used until it ended; at most the last second is missing.
  ///
  /// @param cpuUserMs processor time, of all its processes
  /// @param peakMemory bytes
  /// @param ioRead bytes; null where nobody counts
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Used(
      String drvPath,
      long cpuUserMs,
      long cpuSystemMs,
      long peakMemory,
      @Nullable Long ioRead,
      @Nullable Long ioWritten)
      implements Report {}
}
