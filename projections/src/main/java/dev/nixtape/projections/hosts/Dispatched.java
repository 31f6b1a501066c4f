package dev.nixtape.projections.hosts;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Gatherer;

/// Builds that a host sent to another machine which records, too: told twice, and shown as one.
public final class Dispatched {
  /// How far the clocks of two hosts may be apart.
  public static final Duration SKEW = Duration.ofSeconds(10);

  /// `ssh-ng://user@host:22?…`: the host.
  private static final Pattern HOST =
      Pattern.compile("(?:[a-z+-]+://)?(?:[^@/]*@)?(?<host>[^/:?]+).*");

  private Dispatched() {}

  /// Whether a build was sent to another machine.
  public static boolean isDispatched(Build build) {
    return build.kind() == Kind.BUILD
        && build.drvPath() != null
        && build.machine() != null
        && !build.machine().equals("local");
  }

  /// @param rows without the accounts
  /// @param accounts the ids of those
  public record Together(List<Build> rows, Set<String> accounts) {}

  /// Puts what was dispatched together with the machines' accounts of it.
  ///
  /// @param candidates among which the accounts are
  public static Together together(List<Build> rows, Collection<Build> candidates) {
    Set<String> accounts = new HashSet<>();
    List<Build> joined = rows.stream().map(row -> join(row, candidates, accounts)).toList();
    return new Together(
        joined.stream().filter(row -> !accounts.contains(row.id())).toList(), accounts);
  }

  /// The same of a stream of what has ended, last ended first. A machine's account ends before the
  /// build that was sent to it, but for their clocks: so rows wait for as long as those may be
  /// apart.
  ///
  /// @param candidates of a build that was dispatched
  public static Gatherer<Build, ?, Build> together(Function<Build, Collection<Build>> candidates) {
    class Rows {
      final Deque<Build> waiting = new ArrayDeque<>();
      final Set<String> accounts = new HashSet<>();

      boolean take(Build row, Gatherer.Downstream<? super Build> rows) {
        waiting.add(isDispatched(row) ? join(row, candidates.apply(row), accounts) : row);
        Instant settled = row.endedAt().plus(SKEW);
        boolean wanted = true;
        while (wanted && waiting.getFirst().endedAt().isAfter(settled)) {
          wanted = push(rows);
        }
        return wanted;
      }

      boolean push(Gatherer.Downstream<? super Build> rows) {
        Build first = waiting.remove();
        return accounts.remove(first.id()) || rows.push(first);
      }

      void finish(Gatherer.Downstream<? super Build> rows) {
        while (!waiting.isEmpty() && push(rows)) {}
      }
    }
    return Gatherer.<Build, Rows, Build>ofSequential(
        Rows::new, (rows, row, shown) -> rows.take(row, shown), Rows::finish);
  }

  private static Build join(Build row, Collection<Build> candidates, Set<String> accounts) {
    if (!isDispatched(row)) {
      return row;
    }
    Optional<Build> account =
        candidates.stream()
            .filter(candidate -> isAccount(candidate, row))
            .max(Comparator.comparing(Build::startedAt).thenComparing(Build::id));
    account.ifPresent(found -> accounts.add(found.id()));
    return account.map(row::with).orElse(row);
  }

  /// Whether a build is a machine's account of another, which was sent to it.
  private static boolean isAccount(Build build, Build dispatched) {
    return build.kind() == Kind.BUILD
        && String.valueOf(dispatched.drvPath()).equals(build.drvPath())
        && isOn(build.host(), String.valueOf(dispatched.machine()))
        && !build.host().equals(dispatched.host())
        && build.startedAt().isBefore(end(dispatched))
        && dispatched.startedAt().isBefore(end(build));
  }

  /// Machines are called by their whole names or by the first part of them.
  private static boolean isOn(String host, String machine) {
    Matcher matcher = HOST.matcher(machine);
    if (!matcher.matches()) {
      return false;
    }
    String name = matcher.group("host");
    return name.equals(host) || label(name).equals(host) || name.equals(label(host));
  }

  private static String label(String host) {
    int dot = host.indexOf('.');
    return dot < 0 ? host : host.substring(0, dot);
  }

  private static Instant end(Build build) {
    return build.finishedAt() == null ? Instant.MAX : build.finishedAt();
  }
}
