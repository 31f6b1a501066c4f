package dev.nixtape.control;

import dev.nixtape.control.Builder.Cgroup;
import dev.nixtape.control.Builder.Pid;
import dev.nixtape.control.Proc.Stat;
import dev.nixtape.projections.control.Result;
import dev.nixtape.projections.control.Result.Why;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Carries out what was planned, on exactly the build that it was planned for. Which one that is,
/// is compared again with everything that is done: a cgroup's files are opened in the folder that
/// was compared, and a signal goes to the process that was.
final class Hands {
  /// What hangs in the kernel, on a disk or a network, may take as long to stop or to die.
  private static final Duration EFFECT = Duration.ofSeconds(5);

  /// What all the command lines of a result may take, and what one may: a record has a megabyte.
  private static final int COMMANDS_BYTES = 512 * 1024;

  private static final int COMMAND_BYTES = 1024;

  private final Proc proc;
  private final Processes processes;
  private final Duration effect;

  Hands(Proc proc) {
    this(proc, EFFECT);
  }

  /// @param effect how long to wait for it
  Hands(Proc proc, Duration effect) {
    this.proc = proc;
    this.processes = new Processes(proc);
    this.effect = effect;
  }

  /// Done, Shown, or Refused as NOT_RUNNING or FAILED.
  Result.Ending carryOut(ControlPlan.Act act) {
    List<String> did = new ArrayList<>();
    try {
      for (Step step : act.steps()) {
        switch (step) {
          case Step.Write write -> did.add(write(act.builder(), write));
          case Step.Send(Signal signal) -> did.add(send(act.builder(), signal));
          case Step.ShowProcesses() -> {
            return new Result.Shown(show(act.builder()), null);
          }
          case Step.ShowEnvironment() -> {
            return new Result.Shown(null, environment(act.builder()));
          }
        }
      }
      return new Result.Done(did);
    } catch (Ended e) {
      return new Result.Refused(Why.NOT_RUNNING, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      did.add(String.valueOf(e.getMessage()));
      return new Result.Refused(Why.FAILED, String.join("; ", did));
    }
  }

  private String write(Builder builder, Step.Write write) throws IOException {
    Cgroup cgroup = builder.cgroup().orElseThrow();
    String file = write.file();
    try (Linux.Held folder = Linux.Held.file(cgroup.folder())) {
      if (!proc.runs(builder.process())
          || !Inode.of(folder.path()).equals(Optional.of(cgroup.inode()))) {
        throw new Ended("the build ended, %s is no more its cgroup".formatted(cgroup.folder()));
      }
      try {
        Files.writeString(folder.path().resolve(file), write.text(), StandardOpenOption.WRITE);
      } catch (IOException e) {
        if (removed(folder)) {
          throw new Ended("the build ended while %s was written".formatted(file));
        }
        throw e instanceof NoSuchFileException
            ? new IOException(
                "this kernel has no %s (cgroup.kill came with Linux 5.14)".formatted(file), e)
            : new IOException("%s = %s: %s".formatted(file, write.text(), e.getMessage()), e);
      }
      awaitEffect(folder, write);
    } catch (NoSuchFileException e) {
      throw new Ended("the build ended, %s is gone".formatted(cgroup.folder()), e);
    }
    return "%s = %s in %s".formatted(file, write.text(), cgroup.folder());
  }

  private static boolean removed(Linux.Held folder) {
    return !Files.exists(folder.path().resolve("cgroup.procs"));
  }

  private void awaitEffect(Linux.Held folder, Step.Write write) throws IOException {
    String expected =
        switch (write.file()) {
          case "cgroup.freeze" -> "frozen " + write.text();
          case "cgroup.kill" -> "populated 0";
          default -> "";
        };
    Path events = folder.path().resolve("cgroup.events");
    Patience patience = new Patience(effect);
    while (!expected.isEmpty() && !proc.text(events).lines().toList().contains(expected)) {
      if (removed(folder)) {
        if (write.file().equals("cgroup.kill")) {
          return;
        }
        throw new Ended("the build ended meanwhile");
      }
      if (!patience.pause()) {
        throw new IOException(
            "%s = %s was written, but after %d s there is no '%s': some process hangs in the kernel"
                .formatted(write.file(), write.text(), effect.toSeconds(), expected));
      }
    }
  }

  private String send(Builder builder, Signal signal) throws IOException {
    Set<Pid> reached = new LinkedHashSet<>();
    switch (signal) {
      case STOP -> {
        stop(builder, reached);
        await(signal, reached, Stat::stopped);
      }
      case KILL -> {
        // What is stopped cannot fork, and while the builder is there all the others can be found.
        stop(builder, reached);
        for (Pid process : List.copyOf(reached).reversed()) {
          signal(process, signal);
        }
        await(signal, reached, _ -> false);
      }
      case CONT -> {
        signalNew(builder, signal, reached);
        await(signal, reached, stat -> !stat.stopped());
      }
      default -> signalNew(builder, signal, reached);
    }
    if (reached.isEmpty()) {
      throw new Ended("process %d has ended".formatted(builder.process().pid()));
    }
    return "SIG%s to %s".formatted(signal, numbers(reached));
  }

  /// The builder becomes the first of them.
  private void stop(Builder builder, Set<Pid> reached) throws IOException {
    boolean more = true;
    while (more) {
      more = signalNew(builder, Signal.STOP, reached);
    }
  }

  /// @return whether there was any that has not got it yet
  private boolean signalNew(Builder builder, Signal signal, Set<Pid> reached) throws IOException {
    boolean more = false;
    for (Stat stat : processes.of(builder)) {
      if (!stat.ended() && !reached.contains(stat.process()) && signal(stat.process(), signal)) {
        more |= reached.add(stat.process());
      }
    }
    return more;
  }

  /// @return whether it was still there
  boolean signal(Pid process, Signal signal) throws IOException {
    try (Linux.Held held = Linux.Held.process(process.pid())) {
      // what is held can be no other any more: if it is the right one, it stays that
      if (!proc.process(process.pid()).equals(Optional.of(process))) {
        return false;
      }
      held.signal(signal);
      return true;
    } catch (Linux.NoSuchProcess _) {
      return false;
    }
  }

  /// Waits until each of the processes has ended, or is as it shall be.
  private void await(Signal signal, Set<Pid> processes, Predicate<Stat> obeys) throws IOException {
    Patience patience = new Patience(effect);
    while (true) {
      Set<Pid> left = new LinkedHashSet<>(processes);
      left.removeIf(process ->
          proc.stat(process.pid())
              .filter(stat -> stat.process().equals(process))
              .map(stat -> stat.ended() || obeys.test(stat))
              .orElse(true));
      if (left.isEmpty()) {
        return;
      }
      if (!patience.pause()) {
        throw new IOException(
            "SIG%s was sent to %s, but after %d s %s did not obey: they hang in the kernel"
                .formatted(signal, numbers(processes), effect.toSeconds(), numbers(left)));
      }
    }
  }

  private static String numbers(Set<Pid> processes) {
    return processes.stream()
        .map(process -> Long.toString(process.pid()))
        .collect(Collectors.joining(" ", processes.size() == 1 ? "process " : "processes ", ""));
  }

  private List<Result.Process> show(Builder builder) throws Ended {
    List<Stat> stats = processes.of(builder);
    if (stats.isEmpty()) {
      throw new Ended("process %d has ended".formatted(builder.process().pid()));
    }
    int bytes = Math.min(COMMAND_BYTES, COMMANDS_BYTES / stats.size());
    return stats.stream()
        .map(stat ->
            new Result.Process(
                stat.process().pid(),
                stat.parent(),
                Character.toString(stat.state()),
                stat.cpuUserMs() + stat.cpuSystemMs(),
                stat.rssPages() * Linux.pageSize(),
                proc.command(stat.process().pid(), bytes).stream().map(Secrets::masked).toList()))
        .toList();
  }

  private SortedMap<String, String> environment(Builder builder) throws Ended {
    SortedMap<String, String> environment =
        new TreeMap<>(proc.environment(builder.process().pid()));
    if (!proc.runs(builder.process())) {
      throw new Ended("process %d has ended".formatted(builder.process().pid()));
    }
    environment.replaceAll(Secrets::masked);
    return environment;
  }

  /// The build is not there any more.
  private static final class Ended extends IOException {
    private static final long serialVersionUID = 1;

    Ended(String message) {
      super(message);
    }

    Ended(String message, IOException cause) {
      super(message, cause);
    }
  }
}
