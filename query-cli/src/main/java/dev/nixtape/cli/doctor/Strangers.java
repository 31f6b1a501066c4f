package dev.nixtape.cli.doctor;

import dev.nixtape.projections.Session;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Who is connected to the socket, to which everybody may write, and behaves as no Nix does.
final class Strangers {
  static final String ABOUT = "stranger";

  private static final Duration SILENT = Duration.ofDays(1);
  private static final Duration NO_NEWLINE = Duration.ofMinutes(1);
  private static final long GARBAGE_LINES = 100;

  private Strangers() {}

  /// What a session does that Nix would not.
  private enum Habit {
    SILENT,
    NO_NEWLINE,
    GARBAGE
  }

  private record Group(Habit habit, String host, @Nullable String user, @Nullable Long uid) {}

  /// @param open sessions that are open now
  static List<Finding> findings(List<Session> open, Instant now) {
    Map<Group, List<Session>> groups = new LinkedHashMap<>();
    for (Session session : open) {
      habit(session, now)
          .ifPresent(habit ->
              groups
                  .computeIfAbsent(
                      new Group(habit, session.host(), session.user(), session.uid()),
                      _ -> new ArrayList<>())
                  .add(session));
    }
    return groups.entrySet().stream().map(of -> finding(of.getKey(), of.getValue(), now)).toList();
  }

  private static Optional<Habit> habit(Session session, Instant now) {
    if (!session.kind().equals("socket")) {
      return Optional.empty();
    }
    Session.Tally tally = session.tally();
    if (tally.unrecognised() > GARBAGE_LINES && tally.unrecognised() > tally.lines() / 2) {
      return Optional.of(Habit.GARBAGE);
    }
    if (tally.bytes() > 0 && tally.lines() == 0 && isOver(session.openedAt(), NO_NEWLINE, now)) {
      return Optional.of(Habit.NO_NEWLINE);
    }
    return isOver(session.lastAt(), SILENT, now) ? Optional.of(Habit.SILENT) : Optional.empty();
  }

  private static boolean isOver(Instant from, Duration span, Instant now) {
    return Duration.between(from, now).compareTo(span) > 0;
  }

  private static Finding finding(Group group, List<Session> sessions, Instant now) {
    Session first = sessions.getFirst();
    Session.Tally tally = first.tally();
    String does =
        switch (group.habit()) {
          case SILENT -> "is silent for " + Age.of(first.lastAt(), now);
          case NO_NEWLINE ->
              "sent %s without a newline in %s"
                  .formatted(new Size(tally.bytes()), Age.of(first.openedAt(), now));
          case GARBAGE ->
              "sent %,d lines, and %,d of them are none of Nix's"
                  .formatted(tally.lines(), tally.unrecognised());
        };
    String others =
        sessions.size() == 1
            ? ""
            : ", and so did %,d other connections".formatted(sessions.size() - 1);
    return Finding.note(
        ABOUT,
        "%s on %s %s%s%s"
            .formatted(
                who(group.user(), group.uid(), first.pid()),
                first.host(),
                does,
                command(first),
                others),
        group.habit() == Habit.SILENT
            ? "leave it when it is a shell or repl of Nix's that waits; else " + todo(first.pid())
            : todo(first.pid()));
  }

  private static String command(Session session) {
    String command = String.join(" ", session.command());
    if (command.isEmpty()) {
      return "";
    }
    return " (%s)".formatted(command.length() > 60 ? command.substring(0, 59) + "…" : command);
  }

  /// `bob, process 77`, `uid 1000`, `somebody`.
  static String who(@Nullable String user, @Nullable Long uid, @Nullable Long pid) {
    String name = user != null ? user : uid != null ? "uid " + uid : "somebody";
    return pid == null ? name : "%s, process %d,".formatted(name, pid);
  }

  static String todo(@Nullable Long pid) {
    return pid == null
        ? "ask them; their lines are kept apart and change nothing in others' builds"
        : "see what it is: ps -fp %s; end it if it is not Nix".formatted(Objects.toString(pid));
  }
}
