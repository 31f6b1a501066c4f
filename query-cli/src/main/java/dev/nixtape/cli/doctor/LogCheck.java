package dev.nixtape.cli.doctor;

import dev.nixtape.projections.HostView;
import dev.nixtape.projections.LogView;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the query server knows of the log: how far it is behind, what is missing, whose clock is
/// wrong.
final class LogCheck {
  private static final Duration BEHIND = Duration.ofSeconds(10);

  /// Less than this is the ordinary disagreement of clocks.
  private static final Duration SKEW = Duration.ofSeconds(2);

  /// An HTTP date has whole seconds, cut off: the true time is up to this much later.
  private static final Duration DATE = Duration.ofSeconds(1);

  private static final String SET_CLOCK = "let its clock be set from the network (chrony, NTP)";

  private LogCheck() {}

  /// @param behind null from a server that does not say
  record TopicsView(LogView log, @Nullable Behind behind) {}

  /// @param records of the log that are in no projection yet
  /// @param millis age of the oldest of them; null when none or unknown
  record Behind(long records, @Nullable Long millis) {}

  static List<Finding> findings(TopicsView topics) {
    List<Finding> findings = new ArrayList<>();
    Behind behind = topics.behind();
    if (behind != null) {
      findings.add(behind(behind));
    }
    LogView log = topics.log();
    if (log.gaps() > 0) {
      findings.add(
          Finding.note(
              "gaps",
              "%s are missing in %,d places of the log"
                  .formatted(new Size(log.missing()), log.gaps()),
              "nixtape hosts says where they come from, nixtape sessions in which connection"));
    }
    if (log.unrecognised() > 0) {
      findings.add(
          Finding.note(
              "lines",
              "%,d of %,d lines mean nothing to this nixtape"
                  .formatted(log.unrecognised(), log.lines()),
              "they are kept: a newer nixtape may know them (then nixtape up --rebuild); nixtape hosts says where they come from"));
    }
    if (log.gaps() == 0 && log.unrecognised() == 0) {
      findings.add(
          Finding.ok(
              "lines",
              "%,d, of %,d sessions; none is missing or unrecognised"
                  .formatted(log.lines(), log.sessions())));
    }
    return findings;
  }

  private static Finding behind(Behind behind) {
    if (behind.records() == 0) {
      return Finding.ok("projections", "up to date with the log");
    }
    Long millis = behind.millis();
    String what =
        "%,d records of the log are not projected yet%s"
            .formatted(
                behind.records(),
                millis == null
                    ? ""
                    : ", the oldest is %s old".formatted(new Age(Duration.ofMillis(millis))));
    return millis != null && millis > BEHIND.toMillis()
        ? Finding.wrong(
            "projections",
            what,
            "wait when that falls; else see what the server says on its terminal, and start more of nixtape streams")
        : Finding.ok("projections", what);
  }

  /// A host whose last entry lies in the future of the server's clock is ahead of it by that much
  /// at least. One that is behind cannot be told from one that was silent.
  ///
  /// @param date by the server's clock, when it answered
  static List<Finding> clocks(List<HostView> hosts, Instant date) {
    List<Finding> findings = new ArrayList<>();
    for (HostView host : hosts) {
      Duration ahead = Duration.between(date.plus(DATE), host.lastAt());
      if (ahead.compareTo(SKEW) > 0) {
        findings.add(
            Finding.note(
                "clock",
                "%s is at least %s ahead of the server: its last entry is in the future"
                    .formatted(host.host(), new Age(ahead)),
                SET_CLOCK + ": its builds stand at the wrong time"));
      }
    }
    return findings;
  }

  /// This machine against the server.
  ///
  /// @param asked by this machine's clock, before the question
  /// @param answered by this machine's clock, after the answer
  /// @param date by the server's clock, in between
  static List<Finding> ownClock(Instant asked, Instant answered, Instant date) {
    Duration ahead = Duration.between(date.plus(DATE), asked);
    Duration behind = Duration.between(answered, date);
    if (ahead.compareTo(SKEW) > 0) {
      return List.of(skewed("ahead of", ahead));
    }
    if (behind.compareTo(SKEW) > 0) {
      return List.of(skewed("behind", behind));
    }
    return List.of();
  }

  private static Finding skewed(String where, Duration skew) {
    return Finding.note(
        "clock",
        "this machine is at least %s %s the server".formatted(new Age(skew), where),
        "let both clocks be set from the network (chrony, NTP): entries bear their host's time");
  }
}
