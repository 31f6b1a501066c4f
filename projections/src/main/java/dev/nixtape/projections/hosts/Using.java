package dev.nixtape.projections.hosts;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.HostView;
import dev.nixtape.projections.MachineView;
import dev.nixtape.projections.MachineView.Use;
import dev.nixtape.projections.Session.Tally;
import dev.nixtape.projections.control.HostSample.Machine;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// What all hosts say that they use, put beside what the log says.
public final class Using {
  private final Map<String, HostState> hosts = new TreeMap<>();

  public Using(Collection<HostState> hosts) {
    hosts.forEach(host -> this.hosts.put(host.sample().host(), host));
  }

  /// A build with what it uses now, when it runs and its host says.
  public Build with(Build build) {
    HostState host = hosts.get(build.host());
    return host == null
            || !build.running()
            || build.kind() != Build.Kind.BUILD
            || build.drvPath() == null
        ? build
        : host.now(build.drvPath()).map(build::withNow).orElse(build);
  }

  /// The hosts of the log with what they use now, and those that only say what they use, by name.
  public List<HostView> with(Collection<HostView> views) {
    Map<String, HostView> all = new TreeMap<>();
    views.forEach(view -> all.put(view.host(), view));
    hosts.forEach((name, host) ->
        all.compute(
            name,
            (_, view) ->
                (view == null
                        ? new HostView(name, 0, 0, 0, host.sample().at(), Tally.NONE, null)
                        : view)
                    .withNow(host.now())));
    return List.copyOf(all.values());
  }

  /// The remote builders that hosts know, by address.
  public List<MachineView> machines() {
    Map<String, MachineView> machines = new TreeMap<>();
    hosts.forEach((name, host) -> {
      for (Machine machine : host.sample().machines()) {
        machines.merge(
            machine.uri(),
            new MachineView(
                machine.uri(),
                machine.systems(),
                machine.slots(),
                machine.used(),
                List.of(new Use(name, machine.used()))),
            Using::both);
      }
    });
    return List.copyOf(machines.values());
  }

  /// A machine as two hosts see it.
  private static MachineView both(MachineView one, MachineView other) {
    SortedSet<String> systems = new TreeSet<>(one.systems());
    systems.addAll(other.systems());
    List<Use> hosts = new ArrayList<>(one.hosts());
    hosts.addAll(other.hosts());
    return new MachineView(
        one.uri(),
        List.copyOf(systems),
        Math.max(one.slots(), other.slots()),
        one.used() + other.used(),
        hosts);
  }
}
