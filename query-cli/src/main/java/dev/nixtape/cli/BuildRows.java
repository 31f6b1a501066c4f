package dev.nixtape.cli;

import dev.nixtape.cli.Screen.Style;
import dev.nixtape.projections.Build;
import dev.nixtape.projections.Build.Kind;
import dev.nixtape.projections.Build.Outcome;
import dev.nixtape.projections.Build.Progress;
import dev.nixtape.projections.Rfc3339;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How an activity looks in a row.
final class BuildRows {
  /// Characters of an id that people see and type.
  static final int SHORT_ID = 8;

  private BuildRows() {}

  static Table<Build> table(Instant now) {
    return new Table<Build>()
        .left("ID", BuildRows::shortId, _ -> Style.DIM)
        .left("STATE", BuildRows::state, BuildRows::colour)
        .left("NAME", Build::name, build -> build.running() ? Style.BOLD : Style.PLAIN)
        .right(
            "TIME",
            build -> Screen.duration(build.elapsed(now)),
            build -> Objects.toString(build.durationMs(), ""))
        .figure("CPU", BuildRows::cpuPercent, percent -> percent + " %")
        .optional()
        .bytes("MEM", BuildRows::memory)
        .optional()
        .flexible("DETAIL", BuildRows::detail, _ -> Style.DIM, BuildRows::detail)
        .number("LOG", Build::logLines)
        .left("FOR", BuildRows::user)
        .left("HOST", Build::host)
        .right(
            "ENDED",
            build -> ended(build, now),
            build -> build.finishedAt() == null ? "" : Rfc3339.write(build.finishedAt()));
  }

  static String shortId(Build build) {
    return shortId(build.id());
  }

  static String shortId(@Nullable String id) {
    return id == null ? "" : id.substring(0, Math.min(SHORT_ID, id.length()));
  }

  /// Of one processor: now, or on average of what has ended.
  static @Nullable Long cpuPercent(Build build) {
    if (build.now() != null) {
      return build.now().cpuPercent();
    }
    Long ms = builtMs(build);
    return build.used() == null || ms == null || ms == 0
        ? null
        : (Long) (100 * build.used().cpuMs() / ms);
  }

  /// Without what it waited for another machine, and for what was copied there and back.
  private static @Nullable Long builtMs(Build build) {
    Long ms = build.durationMs();
    Long outside = build.remote() == null ? null : build.remote().outsideMs();
    return ms == null || outside == null ? ms : (Long) (ms - outside);
  }

  /// Bytes: now, or the most that what has ended had.
  private static @Nullable Long memory(Build build) {
    if (build.now() != null) {
      return build.now().memory();
    }
    return build.used() == null ? null : (Long) build.used().peakMemory();
  }

  static String user(Build build) {
    return build.user() != null ? build.user() : Objects.toString(build.uid(), "");
  }

  /// One word for kind and outcome: `building`, `built`, `failed`, …
  static String state(Build build) {
    Outcome outcome = build.outcome();
    if (isFrozen(build)) {
      return "frozen";
    }
    if (outcome == null) {
      return switch (build.kind()) {
        case BUILD -> "building";
        case SUBSTITUTE -> "substituting";
        case COPY -> "copying";
        case DOWNLOAD -> "downloading";
        case FETCH -> "fetching";
        case IMPORT -> "importing";
        case QUERY -> "asking";
        case WAIT -> "waiting";
        case HOOK -> "hook runs";
        case OPTIMISE -> "optimising";
        case VERIFY -> "verifying";
        case OTHER -> "working";
      };
    }
    return switch (outcome) {
      case SUCCEEDED ->
          switch (build.kind()) {
            case BUILD -> "built";
            case SUBSTITUTE -> "substituted";
            case COPY -> "copied";
            case DOWNLOAD -> "downloaded";
            case FETCH, IMPORT, QUERY, WAIT, HOOK, OPTIMISE, VERIFY, OTHER -> "done";
          };
      case FAILED -> build.kind() == Kind.BUILD ? "failed" : build.kind().json() + " failed";
      case INTERRUPTED -> "interrupted";
      case CACHED -> "cached";
      case UNKNOWN ->
          switch (build.kind()) {
            case QUERY -> "asked";
            case WAIT -> "waited";
            case BUILD, SUBSTITUTE, COPY, DOWNLOAD, FETCH, IMPORT, HOOK, OPTIMISE, VERIFY, OTHER ->
                build.kind().json() + " ended";
          };
    };
  }

  private static boolean isFrozen(Build build) {
    return build.now() != null && build.now().frozen();
  }

  static Style colour(Build build) {
    Outcome outcome = build.outcome();
    if (outcome == null) {
      return isFrozen(build) ? Style.YELLOW : Style.BLUE;
    }
    return switch (outcome) {
      case SUCCEEDED, CACHED -> Style.GREEN;
      case FAILED -> Style.RED;
      case INTERRUPTED -> Style.YELLOW;
      case UNKNOWN -> Style.DIM;
    };
  }

  /// What is worth knowing beside the state: why it failed, its phase, how far it is, where it
  /// comes from.
  static String detail(Build build) {
    if (build.reason() != null) {
      return build.reason();
    }
    StringBuilder detail = new StringBuilder();
    if (build.running() && build.phase() != null) {
      detail.append(build.phase());
    }
    Progress progress = build.progress();
    boolean bytes = build.kind() == Kind.COPY || build.kind() == Kind.DOWNLOAD;
    if (progress != null && bytes && build.running() && progress.expected() > 0) {
      detail
          .append(Screen.bytes(progress.done()))
          .append(" of ")
          .append(Screen.bytes(progress.expected()));
    } else if (build.bytes() != null && build.bytes() > 0) {
      detail.append(Screen.bytes(build.bytes()));
    }
    if (build.uri() != null && build.kind() != Kind.DOWNLOAD) {
      detail.append(detail.isEmpty() ? "" : " ").append("from ").append(build.uri());
    }
    if (build.machine() != null && !build.machine().equals("local")) {
      detail
          .append(detail.isEmpty() ? "" : " ")
          .append("on ")
          .append(build.remote() == null ? build.machine() : build.remote().host());
    }
    if (build.remote() != null && build.remote().outsideMs() != null) {
      detail
          .append(", and ")
          .append(Screen.duration(Duration.ofMillis(build.remote().outsideMs())))
          .append(" to wait and copy");
    }
    return detail.toString();
  }

  private static String ended(Build build, Instant now) {
    if (build.finishedAt() == null) {
      return "";
    }
    return time(build.finishedAt(), now);
  }

  /// The time of the day, with the day when that was long ago; in the reader's zone.
  static String time(Instant at, Instant now) {
    boolean recent = Duration.between(at, now).compareTo(Duration.ofHours(20)) < 0;
    int offset = ZoneId.systemDefault().getRules().getOffset(at).getTotalSeconds();
    String local = Rfc3339.write(at.plusSeconds(offset));
    return recent
        ? local.substring("2026-01-31T".length(), "2026-01-31T14:03:00".length())
        : local.substring("2026-".length(), "2026-01-31T14:03".length()).replace('T', ' ');
  }
}
