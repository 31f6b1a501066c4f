package dev.nixtape.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.control.Builder.Cgroup;
import dev.nixtape.control.Builder.Evidence;
import dev.nixtape.control.Builder.Pid;
import dev.nixtape.control.Builder.Requester;
import dev.nixtape.projections.Json;
import dev.nixtape.projections.nix.Derivation;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The builds that run on this host, found through the kernel.
///
/// A builder is a child of a worker. Which derivation it builds, its sandbox tells: the kernel
/// knows the folder that is its root, and Nix names that after the derivation. Without a sandbox
/// its environment tells, as far as it names outputs that its worker has locked. That a builder can
/// write over, so it is not asked where the kernel has answered.
final class Builders {
  /// Between the worker's log of a build and its builder, or a builder and its helpers, lie
  /// milliseconds.
  private static final Duration SETTLING = Duration.ofSeconds(1);

  private static final Pattern DERIVATION =
      Pattern.compile(Workers.STORE + "/([0-9a-z]{32})-[0-9a-zA-Z+._?=-]+\\.drv");

  private static final Pattern CHROOT =
      Pattern.compile(".*/([0-9a-z]{32}-[^/]+\\.drv)\\.chroot(/root)?");

  /// src/libstore/unix/build/linux-derivation-builder.cc; the last is Lix's.
  private static final Pattern CGROUP =
      Pattern.compile(
          "nix-build-uid-(?<uid>[0-9]+)|nix-build-pid-(?<pid>[0-9]+)-[0-9]+"
              + "|nix-build@(?<hash>[0-9a-z]{32})-[0-9]+");

  /// A build may have a range of users (`uid-range`), of which the cgroup names the first.
  private static final int USERS = 65_536;

  /// src/nix/build-remote/build-remote.cc: a remote builder's slot, the URI's slashes replaced.
  private static final Pattern SLOT = Pattern.compile(".*/current-load/(.+)-[0-9]+");

  private static final int MAX_DERIVATION_BYTES = 4 * 1024 * 1024;
  private static final int MAX_ATTRIBUTES_BYTES = 16 * 1024 * 1024;

  private final Workers workers;
  private final Proc proc;
  private final Duration settling;

  /// @param root of the Nix that is watched: `/`, unless it lives in a container or chroot
  Builders(Path root) {
    this(root, new Proc(Path.of("/proc")), SETTLING);
  }

  Builders(Path root, Proc proc, Duration settling) {
    this.workers = new Workers(root, proc);
    this.proc = proc;
    this.settling = settling;
  }

  Proc proc() {
    return proc;
  }

  Workers workers() {
    return workers;
  }

  /// Those of one worker.
  ///
  /// @param known builders that are not looked at again
  List<Builder> of(Worker worker, Set<Pid> known) {
    Set<Long> pids = known.stream().map(Pid::pid).collect(Collectors.toSet());
    List<Long> children = proc.children(worker.process().pid());
    return sightings(
            worker,
            children.stream().filter(pid -> !pids.contains(pid)).toList(),
            worker.derivations())
        .stream()
        .filter(Sighting::agrees)
        .map(Sighting::builder)
        .toList();
  }

  private List<Worker> busy() {
    return proc.locks().entrySet().stream()
        .flatMap(locks -> workers.worker(locks.getKey(), locks.getValue()).stream())
        .toList();
  }

  /// What is seen of one derivation's build. Waits a moment for one that is about to begin.
  Seen look(String drvPath) {
    Patience patience = new Patience(settling);
    while (true) {
      List<Sighting> sightings = new ArrayList<>();
      List<String> machines = new ArrayList<>();
      boolean building = false;
      for (Worker worker : busy()) {
        Set<String> candidates = new HashSet<>(worker.derivations());
        candidates.add(drvPath);
        List<Sighting> its =
            sightings(worker, proc.children(worker.process().pid()), candidates).stream()
                .filter(seen -> seen.tellsOf(drvPath))
                .toList();
        sightings.addAll(its);
        if (its.isEmpty() && worker.derivations().contains(drvPath)) {
          building = true;
          machines.addAll(machines(worker));
        }
      }
      boolean settled =
          sightings.isEmpty() ? !building || !machines.isEmpty() : sightings.size() == 1;
      if (settled || !patience.pause()) {
        return seen(sightings, machines);
      }
    }
  }

  private Seen seen(List<Sighting> sightings, List<String> machines) {
    List<Builder> builders =
        sightings.stream().filter(Sighting::agrees).map(Sighting::builder).toList();
    List<String> contradictions =
        sightings.stream().filter(seen -> !seen.agrees()).map(Sighting::toString).toList();
    return new Seen(builders, contradictions, machines, host(builders));
  }

  private Seen.Host host(List<Builder> builders) {
    Optional<Cgroup> cgroup =
        builders.size() == 1 ? builders.getFirst().cgroup() : Optional.empty();
    return new Seen.Host(
        System.getProperty("os.name", ""),
        new Proc(Path.of("/proc")).uid(ProcessHandle.current().pid()).orElse(-1),
        cgroup.map(own -> controllers(own.folder())).orElse(Set.of()),
        cgroup.map(own -> controllers(own.folder().resolve(".."))).orElse(Set.of()),
        proc.controllersOfV1(),
        Disk.of(workers.real(Workers.STORE)));
  }

  private Set<String> controllers(Path cgroup) {
    return Set.copyOf(Proc.words(proc.text(cgroup.resolve("cgroup.controllers"))));
  }

  /// @param claims what each kind of evidence says that it builds
  private record Sighting(Builder builder, Set<Claim> claims) {
    boolean agrees() {
      return claims.stream().map(Claim::drvPath).distinct().count() == 1;
    }

    boolean tellsOf(String drvPath) {
      return claims.stream().anyMatch(claim -> claim.drvPath().equals(drvPath));
    }

    @Override
    public String toString() {
      return claims.stream()
          .map(claim -> "its %s is of %s".formatted(claim.kind().words(), claim.drvPath()))
          .sorted()
          .collect(Collectors.joining(", ", "process %d: ".formatted(builder.process().pid()), ""));
    }
  }

  private record Claim(Evidence kind, String drvPath) {}

  /// @param candidates derivations that a builder without a sandbox may be of
  private List<Sighting> sightings(Worker worker, List<Long> children, Set<String> candidates) {
    List<Sighting> sightings = new ArrayList<>();
    Optional<Requester> requester = workers.requester(worker);
    for (long pid : children) {
      Optional<Pid> process = proc.process(pid);
      OptionalLong uid = proc.uid(pid);
      if (process.isEmpty() || uid.isEmpty() || !ready(worker, uid.getAsLong())) {
        continue;
      }
      Optional<Cgroup> cgroup = cgroup(worker, pid, uid.getAsLong());
      Set<Claim> claims = claims(worker, pid, cgroup, candidates);
      if (!claims.isEmpty()) {
        Builder builder =
            new Builder(
                claims.iterator().next().drvPath(),
                process.get(),
                cgroup,
                uid.getAsLong(),
                uid.getAsLong() != worker.uid() && !worker.users().isEmpty(),
                claims.stream().map(Claim::kind).collect(Collectors.toSet()),
                requester);
        sightings.add(new Sighting(builder, claims));
      }
    }
    return sightings;
  }

  /// What Nix forks first prepares the sandbox, as Nix's own user; then it becomes the build user.
  private static boolean ready(Worker worker, long uid) {
    return worker.users().isEmpty() || uid != worker.uid();
  }

  private Set<Claim> claims(
      Worker worker, long pid, Optional<Cgroup> cgroup, Set<String> candidates) {
    Set<Claim> claims = new HashSet<>();
    chroot(pid).ifPresent(drvPath -> claims.add(new Claim(Evidence.CHROOT, drvPath)));
    cgroup
        .flatMap(Builders::hash)
        .ifPresent(hash -> {
          List<String> known = new ArrayList<>(candidates);
          claims.forEach(claim -> known.add(claim.drvPath()));
          claims.add(
              new Claim(
                  Evidence.CGROUP_NAME,
                  known.stream()
                      .filter(drvPath -> hash.equals(hash(drvPath)))
                      .findFirst()
                      .orElse(Workers.STORE + "/" + hash)));
        });
    if (claims.isEmpty()) {
      told(worker, pid, candidates, claims);
    }
    return claims;
  }

  /// The derivation whose sandbox a process lives in. A builder may give itself another root, of
  /// any name, but not the folder that Nix made in the store.
  private Optional<String> chroot(long pid) {
    Matcher root = CHROOT.matcher(proc.rootInFileSystem(pid).orElse(""));
    if (!root.matches()) {
      return Optional.empty();
    }
    String drvPath = Workers.STORE + "/" + root.group(1);
    String below = root.group(2) == null ? "" : root.group(2);
    return proc.root(pid)
        .filter(
            inode -> Inode.of(workers.real(drvPath + ".chroot" + below)).equals(Optional.of(inode)))
        .map(_ -> drvPath);
  }

  /// The cgroup that Nix made for a builder: the outermost of such a name that its worker is not
  /// in. What lies deeper the builder may have made itself.
  private Optional<Cgroup> cgroup(Worker worker, long pid, long uid) {
    Optional<Path> mount = proc.cgroups();
    Optional<String> path = proc.cgroup(pid);
    Optional<String> workers = proc.cgroup(worker.process().pid());
    if (mount.isEmpty() || path.isEmpty() || workers.isEmpty()) {
      return Optional.empty();
    }
    Path folder = mount.get();
    Path own = folder.resolve(Path.of("/").relativize(Path.of(workers.get())));
    for (Path name : Path.of("/").relativize(Path.of(path.get()))) {
      folder = folder.resolve(name);
      Matcher made = CGROUP.matcher(name.toString());
      if (made.matches() && !own.startsWith(folder) && isOf(made, worker, uid)) {
        Path found = folder;
        return Inode.of(found).map(inode -> new Cgroup(found, inode));
      }
    }
    return Optional.empty();
  }

  private static boolean isOf(Matcher name, Worker worker, long uid) {
    if (name.group("uid") != null) {
      long first = Long.parseLong(name.group("uid"));
      return first <= uid && uid < first + USERS;
    }
    return name.group("pid") == null || Long.parseLong(name.group("pid")) == worker.process().pid();
  }

  private static Optional<String> hash(Cgroup cgroup) {
    Matcher name = CGROUP.matcher(String.valueOf(cgroup.folder().getFileName()));
    return name.matches() ? Optional.ofNullable(name.group("hash")) : Optional.empty();
  }

  private static String hash(String drvPath) {
    Matcher matcher = DERIVATION.matcher(drvPath);
    return matcher.matches() ? matcher.group(1) : "";
  }

  /// What Nix told a builder to make.
  private void told(Worker worker, long pid, Set<String> candidates, Set<Claim> claims) {
    Map<String, String> environment = proc.environment(pid);
    String top = environment.getOrDefault("NIX_BUILD_TOP", "");
    // a Nix that somebody runs in a nix-shell hands that shell's environment to its helpers
    if (top.isEmpty()
        || top.equals(proc.environment(worker.process().pid()).get("NIX_BUILD_TOP"))) {
      return;
    }
    String file = environment.get("NIX_ATTRS_JSON_FILE");
    Evidence kind = file == null ? Evidence.ENVIRONMENT : Evidence.ATTRIBUTES;
    Map<String, String> outputs = file == null ? environment : attributes(pid, file);
    for (String candidate : candidates) {
      outputs(candidate)
          .filter(expected -> expected.match(outputs) && makes(worker, candidate, expected))
          .ifPresent(_ -> claims.add(new Claim(kind, candidate)));
    }
  }

  /// Whether it is the worker's to make: it writes its log, or, where Nix keeps none, has locked
  /// its outputs.
  private static boolean makes(Worker worker, String drvPath, Outputs outputs) {
    return worker.derivations().isEmpty()
        ? worker.locks().containsAll(outputs.locks()) && !outputs.locks().isEmpty()
        : worker.derivations().contains(drvPath);
  }

  private Optional<Outputs> outputs(String drvPath) {
    if (!DERIVATION.matcher(drvPath).matches()) {
      return Optional.empty();
    }
    try (InputStream in = Files.newInputStream(workers.real(drvPath), LinkOption.NOFOLLOW_LINKS)) {
      String text = new String(in.readNBytes(MAX_DERIVATION_BYTES), UTF_8);
      return Optional.of(Outputs.of(drvPath, Derivation.parse(text)));
    } catch (IOException | IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /// The outputs in a builder's `.attrs.json`. The file is its own, and so may be anything.
  private Map<String, String> attributes(long pid, String file) {
    Map<String, String> outputs = new HashMap<>();
    Path path = proc.of(pid).resolve("root").resolve(file.replaceFirst("^/+", ""));
    try (Linux.Held held = Linux.Held.file(path)) {
      if (Files.isRegularFile(held.path())) {
        try (InputStream in = Files.newInputStream(held.path())) {
          Json.MAPPER
              .readTree(in.readNBytes(MAX_ATTRIBUTES_BYTES))
              .path("outputs")
              .properties()
              .forEach(output -> outputs.put(output.getKey(), output.getValue().asText()));
        }
      }
    } catch (IOException _) {
      // gone, or not what Nix wrote
    }
    return outputs;
  }

  /// The machines that a worker has builds made on.
  private List<String> machines(Worker worker) {
    return proc.children(worker.process().pid()).stream()
        .flatMap(hook -> proc.openFiles(hook).stream())
        .map(SLOT::matcher)
        .filter(Matcher::matches)
        .map(slot -> slot.group(1).replaceFirst(":__", "://"))
        .distinct()
        .toList();
  }
}
