package dev.nixtape.projections.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import org.jspecify.annotations.Nullable;

/// What may be done to a build.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "do")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Action.Freeze.class, name = "freeze"),
  @JsonSubTypes.Type(value = Action.Thaw.class, name = "thaw"),
  @JsonSubTypes.Type(value = Action.Kill.class, name = "kill"),
  @JsonSubTypes.Type(value = Action.Nice.class, name = "nice"),
  @JsonSubTypes.Type(value = Action.Limit.class, name = "limit"),
  @JsonSubTypes.Type(value = Action.Signal.class, name = "signal"),
  @JsonSubTypes.Type(value = Action.Processes.class, name = "ps"),
  @JsonSubTypes.Type(value = Action.Environment.class, name = "env")
})
public sealed interface Action {
  /// The word that commands, policies and the JSON have for it.
  default String verb() {
    return switch (this) {
      case Freeze _ -> "freeze";
      case Thaw _ -> "thaw";
      case Kill _ -> "kill";
      case Nice _ -> "nice";
      case Limit _ -> "limit";
      case Signal _ -> "signal";
      case Processes _ -> "ps";
      case Environment _ -> "env";
    };
  }

  record Freeze() implements Action {}

  record Thaw() implements Action {}

  record Kill() implements Action {}

  /// A share of the processor.
  ///
  /// @param weight `cpu.weight`, 1 to 10000; 100 is everybody's
  record Nice(int weight) implements Action {
    public static final int DEFAULT = 100;

    /// The kernel's `sched_prio_to_weight` (kernel/sched/core.c), for nice -20 to 19.
    private static final int[] KERNEL = {
      88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904,
      3906, 3121, 2501, 1991, 1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110,
      87, 70, 56, 45, 36, 29, 23, 18, 15
    };

    public Nice {
      if (weight < 1 || weight > 10_000) {
        throw new IllegalArgumentException("weight: 1 to 10000, not " + weight);
      }
    }

    /// The weight of a nice value, as `cpu.weight.nice` gives it.
    ///
    /// @param nice -20 to 19
    public static Nice ofNice(int nice) {
      if (nice < -20 || nice > 19) {
        throw new IllegalArgumentException("nice: -20 to 19, not " + nice);
      }
      return new Nice((int) Math.round(KERNEL[nice + 20] * 100 / 1024.0));
    }
  }

  /// What a build may take at most. What is null stays as it is; `MAX` lifts a limit.
  ///
  /// @param cpuPercent of one processor, from 1: 150 is one and a half (`cpu.max`)
  /// @param memory bytes (`memory.max`): what needs more is killed by the kernel
  /// @param memoryHigh bytes (`memory.high`): what needs more is slowed
  /// @param io bytes a second read, and as many written, of the disk that the store is on
  ///   (`io.max`)
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Limit(
      @Nullable Long cpuPercent,
      @Nullable Long memory,
      @Nullable Long memoryHigh,
      @Nullable Long io)
      implements Action {
    /// No limit, cgroup's own `max`.
    public static final long MAX = Long.MAX_VALUE;

    public Limit {
      if (cpuPercent == null && memory == null && memoryHigh == null && io == null) {
        throw new IllegalArgumentException("limit: of cpu, memory or io");
      }
      positive("cpu", cpuPercent);
      positive("memory", memory);
      positive("memory-high", memoryHigh);
      positive("io", io);
    }

    private static void positive(String name, @Nullable Long value) {
      if (value != null && value < 1) {
        throw new IllegalArgumentException(name + ": more than 0, not " + value);
      }
    }
  }

  /// @param name without `SIG`: `TERM`, `QUIT`, `USR1`, …
  record Signal(String name) implements Action {}

  /// To see its processes.
  record Processes() implements Action {}

  /// To see its environment, likely secrets masked.
  record Environment() implements Action {}
}
