package dev.nixtape.control;

import dev.nixtape.projections.control.Action;
import dev.nixtape.projections.control.Command;
import dev.nixtape.projections.control.Result.Refused;
import dev.nixtape.projections.control.Result.Why;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What to do for a command, or why not.
sealed interface ControlPlan {
  /// The kernel's default, and the longest but for a second (`cpu.max`).
  int PERIOD_US = 100_000;

  record Act(Builder builder, List<Step> steps) implements ControlPlan {
    public Act {
      steps = List.copyOf(steps);
    }
  }

  record Refuse(Why why, String says) implements ControlPlan {
    Refused ending() {
      return new Refused(why, says);
    }
  }

  static ControlPlan of(Command command, Seen seen) {
    String drvPath = command.target().drvPath();
    Seen.Host host = seen.host();
    if (!host.system().equals("Linux")) {
      return refuse(
          "builds are controlled through Linux's cgroups and /proc, and %s runs %s"
              .formatted(command.host(), host.system()));
    }
    if (!seen.contradictions().isEmpty()) {
      return new Refuse(
          Why.AMBIGUOUS,
          "what is known of the builder does not fit together: "
              + String.join("; ", seen.contradictions()));
    }
    return switch (seen.builders().size()) {
      case 0 -> absent(command, seen);
      case 1 -> of(command.action(), seen.builders().getFirst(), host);
      default ->
          new Refuse(
              Why.AMBIGUOUS,
              "%s is built by more than one process: %s"
                  .formatted(
                      drvPath,
                      seen.builders().stream()
                          .map(builder -> Long.toString(builder.process().pid()))
                          .toList()));
    };
  }

  private static ControlPlan absent(Command command, Seen seen) {
    String drvPath = command.target().drvPath();
    if (!seen.machines().isEmpty()) {
      return new Refuse(
          Why.NOT_RUNNING,
          "%s is built on %s for %s: control it there"
              .formatted(drvPath, String.join(" or ", seen.machines()), command.host()));
    }
    if (seen.host().uid() != 0) {
      return refuse(
          "the agent runs as uid %d and sees no builds but that user's: run it as root"
              .formatted(seen.host().uid()));
    }
    return new Refuse(
        Why.NOT_RUNNING,
        "no process on %s builds %s: it has ended, or not begun"
            .formatted(command.host(), drvPath));
  }

  private static ControlPlan of(Action action, Builder builder, Seen.Host host) {
    if (host.uid() != 0 && host.uid() != builder.uid()) {
      return refuse(
          "the agent runs as uid %d, the build as %d: run the agent as root"
              .formatted(host.uid(), builder.uid()));
    }
    return switch (action) {
      case Action.Freeze _ ->
          new Act(builder, byCgroupOr(builder, "cgroup.freeze", "1", Signal.STOP));
      case Action.Thaw _ ->
          new Act(builder, byCgroupOr(builder, "cgroup.freeze", "0", Signal.CONT));
      case Action.Kill _ -> new Act(builder, byCgroupOr(builder, "cgroup.kill", "1", Signal.KILL));
      case Action.Nice(int weight) ->
          missing("cpu", builder, host)
              .<ControlPlan>map(refused -> refused)
              .orElseGet(() ->
                  new Act(
                      builder, List.of(new Step.Write("cpu.weight", Integer.toString(weight)))));
      case Action.Limit limit -> of(limit, builder, host);
      case Action.Signal(String name) -> signal(name, builder);
      case Action.Processes _ -> new Act(builder, List.of(new Step.ShowProcesses()));
      case Action.Environment _ -> new Act(builder, List.of(new Step.ShowEnvironment()));
    };
  }

  private static List<Step> byCgroupOr(Builder builder, String file, String text, Signal signal) {
    return List.of(
        builder.cgroup().isPresent() ? new Step.Write(file, text) : new Step.Send(signal));
  }

  private static ControlPlan signal(String name, Builder builder) {
    return Signal.named(name)
        .<ControlPlan>map(signal ->
            switch (signal) {
              // a policy allows these by their own names, and a kill stands in the log before it
              // happens
              case KILL -> refuse("SIGKILL is `kill`");
              case STOP -> refuse("SIGSTOP is `freeze`");
              case CONT -> refuse("SIGCONT is `thaw`");
              default -> new Act(builder, List.of(new Step.Send(signal)));
            })
        .orElseGet(
            () -> refuse("no signal '%s': one of %s".formatted(name, List.of(Signal.values()))));
  }

  private static ControlPlan of(Action.Limit limit, Builder builder, Seen.Host host) {
    Set<String> controllers = new LinkedHashSet<>();
    List<Step> steps = new ArrayList<>();
    if (limit.cpuPercent() != null) {
      controllers.add("cpu");
      String quota = limited(limit.cpuPercent(), PERIOD_US / 100);
      steps.add(new Step.Write("cpu.max", quota + " " + PERIOD_US));
    }
    if (limit.memoryHigh() != null) {
      controllers.add("memory");
      steps.add(new Step.Write("memory.high", limited(limit.memoryHigh(), 1)));
    }
    if (limit.memory() != null) {
      controllers.add("memory");
      steps.add(new Step.Write("memory.max", limited(limit.memory(), 1)));
    }
    if (limit.io() != null) {
      controllers.add("io");
      String bytes = limited(limit.io(), 1);
      String disk = host.disk().orElse("");
      steps.add(new Step.Write("io.max", "%s rbps=%s wbps=%s".formatted(disk, bytes, bytes)));
    }
    Optional<Refuse> refused =
        controllers.stream()
            .flatMap(controller -> missing(controller, builder, host).stream())
            .findFirst();
    if (refused.isEmpty() && limit.io() != null && host.disk().isEmpty()) {
      return refuse("the store is on no disk that io.max could name (ZFS, memory, a network)");
    }
    return refused.isPresent() ? refused.get() : new Act(builder, steps);
  }

  private static String limited(long value, long times) {
    return value >= Action.Limit.MAX / times ? "max" : Long.toString(value * times);
  }

  /// What is in the way of a build's share or limit.
  private static Optional<Refuse> missing(String controller, Builder builder, Seen.Host host) {
    if (builder.cgroup().isEmpty()) {
      return Optional.of(
          refuse(
              "Nix made no cgroup for this build: set use-cgroups = true, sandbox = true and"
                  + " extra-experimental-features = cgroups in nix.conf and restart nix-daemon"));
    }
    if (host.controllers().contains(controller)) {
      return Optional.empty();
    }
    if (host.v1().contains(controller)) {
      return Optional.of(
          refuse(
              "this host has the %s controller in cgroup v1: boot it with %s"
                  .formatted(controller, "systemd.unified_cgroup_hierarchy=1")));
    }
    String enable =
        "echo +%s > %s"
            .formatted(
                controller,
                builder.cgroup().get().folder().resolveSibling("cgroup.subtree_control"));
    return Optional.of(
        refuse(
            host.delegable().contains(controller)
                ? "the %s controller is not enabled for the cgroups of builds: `%s`"
                    .formatted(controller, enable)
                : "the %s controller is not delegated to nix-daemon: set %s, then `%s`"
                    .formatted(
                        controller,
                        "Delegate=cpu memory io in its unit (systemctl edit nix-daemon)",
                        enable)));
  }

  private static Refuse refuse(String says) {
    return new Refuse(Why.NOT_POSSIBLE, says);
  }
}
