package dev.nixtape.cli.doctor;

import dev.nixtape.ingest.ShimStatus;
import dev.nixtape.ingest.Stranger;
import dev.nixtape.projections.Rfc3339;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// What a shim's own words mean (`/v1/shim`).
///
/// @param status what it says
/// @param now by this machine's clock
record ShimCheck(ShimStatus status, Instant now) {
  private static final Duration AT_ONCE = Duration.ofSeconds(10);
  private static final Duration SOON = Duration.ofMinutes(1);

  /// Of a spool or a number of connections, the part from which somebody should look.
  private static final double NEARLY_FULL = 0.8;

  /// A hundred strangers are one trouble: so many lines say it.
  private static final int STRANGERS = 10;

  List<Finding> findings() {
    ShimStatus.Lost lost = status.lost();
    List<Finding> findings = new ArrayList<>();
    findings.add(connections());
    findings.addAll(spool());
    if (lost.gaps() > 0 || lost.bytes() > 0 || lost.lines() > 0) {
      findings.add(
          Finding.note(
              "lost",
              "the shim dropped %s, %,d lines, in %,d places since %s"
                  .formatted(
                      new Size(lost.bytes()), lost.lines(), lost.gaps(), time(status.startedAt())),
              "nixtape sessions shows in which sessions; give the spool more room, and Kafka too"));
    }
    findings.addAll(aboutStrangers());
    return findings;
  }

  private Finding connections() {
    ShimStatus.Sessions sessions = status.sessions();
    String what =
        "process %d on %s listens at %s for %s, %,d of at most %,d connections are open"
            .formatted(
                status.pid(),
                status.host(),
                status.socket(),
                Age.of(status.startedAt(), now),
                sessions.open(),
                sessions.limit());
    return sessions.open() < NEARLY_FULL * sessions.limit()
        ? Finding.ok("shim", what)
        : Finding.note(
            "shim",
            what,
            "see who holds them: nixtape sessions --open; who comes when they are used up is not recorded");
  }

  private List<Finding> spool() {
    ShimStatus.SpoolStatus spool = status.spool();
    List<Finding> findings = new ArrayList<>();
    String problem = status.kafka().problem();
    if (problem != null) {
      findings.add(
          Finding.wrong(
              "shim",
              "it cannot publish to Kafka at %s: %s"
                  .formatted(status.kafka().bootstrapServers(), problem),
              "bring that Kafka back, or start the shim with another; until then everything waits in its spool"));
    }
    if (spool.problem() != null) {
      findings.add(
          Finding.wrong(
              "spool",
              "%s: %s".formatted(spool.directory(), spool.problem()),
              "make that folder writable for the shim and see that its disk has room; until then what Kafka does not take is lost"));
    }
    String waits =
        "%s of at most %s wait in %s"
            .formatted(new Size(spool.bytes()), new Size(spool.limit()), spool.directory());
    Instant oldest = spool.oldestAt();
    Duration behind = oldest == null ? Duration.ZERO : Duration.between(oldest, now);
    if (spool.bytes() >= NEARLY_FULL * spool.limit()) {
      findings.add(
          Finding.wrong(
              "spool",
              waits,
              "see why Kafka takes so little, or give the spool more room: when it is full, what comes is lost"));
    } else if (behind.compareTo(AT_ONCE) > 0) {
      findings.add(
          Finding.of(
              problem != null && behind.compareTo(SOON) > 0,
              "spool",
              waits + ", the oldest for " + new Age(behind),
              problem != null
                  ? "bring Kafka back: the spool empties by itself then"
                  : "wait: it empties as fast as Kafka takes it; ask again in a minute"));
    } else if (spool.problem() == null) {
      findings.add(
          Finding.ok("spool", oldest == null ? "nothing waits in " + spool.directory() : waits));
    }
    return findings;
  }

  private List<Finding> aboutStrangers() {
    List<Stranger> strangers = status.strangers();
    List<Finding> findings = new ArrayList<>();
    for (Stranger stranger : strangers.subList(0, Math.min(STRANGERS, strangers.size()))) {
      String times = stranger.count() > 1 ? ", %,d times".formatted(stranger.count()) : "";
      findings.add(
          Finding.note(
              Strangers.ABOUT,
              "%s %s%s, since %s"
                  .formatted(
                      Strangers.who(stranger.user(), stranger.uid(), stranger.pid()),
                      stranger.what(),
                      times,
                      time(stranger.since())),
              Strangers.todo(stranger.pid())));
    }
    if (strangers.size() > STRANGERS) {
      findings.add(
          Finding.note(
              Strangers.ABOUT,
              "and %,d more".formatted(strangers.size() - STRANGERS),
              "see all of them in the shim's own answer, /v1/shim"));
    }
    return findings;
  }

  private static String time(Instant at) {
    return Rfc3339.write(at).substring(0, "2026-01-31T14:03".length()).replace('T', ' ') + " UTC";
  }
}
