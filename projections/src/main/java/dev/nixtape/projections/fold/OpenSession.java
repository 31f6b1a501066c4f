package dev.nixtape.projections.fold;

import dev.nixtape.projections.Session;
import dev.nixtape.projections.Session.Loss;
import dev.nixtape.projections.Session.Tally;
import dev.nixtape.projections.tape.LogEntry.Ending;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A session that has not ended.
///
/// @param next the stream offset of the next byte that was not seen yet
/// @param torn what stands of a line whose end is not there yet; null between lines
/// @param losses what is missing, by reason
/// @param error the last error that Nix reported
/// @param wanted derivations that it asked for and that were not there
record OpenSession(
    SessionId id,
    Source source,
    Instant openedAt,
    Instant lastAt,
    long next,
    Tally tally,
    @Nullable TornLine torn,
    List<Loss> losses,
    @Nullable String error,
    List<String> wanted) {

  /// Reasons that a session keeps apart; every one beyond counts to the last.
  private static final int MAX_LOSSES = 8;

  /// Derivations that it asked for that are remembered.
  private static final int MAX_WANTED = 100;

  static OpenSession opened(SessionId id, Source source, Instant at) {
    return new OpenSession(id, source, at, at, 0, Tally.NONE, null, List.of(), null, List.of());
  }

  /// The sessions of one client and of the workers that serve it share this; any other session is
  /// its own.
  String invocation() {
    return source.kind() == Source.Kind.SOCKET
        ? source
            .requester()
            .filter(process -> process.pid() > 0)
            .map(process -> "%s/%s/%d".formatted(id.host(), source.boot(), process.pid()))
            .orElse(id.key())
        : id.key();
  }

  OpenSession read(
      long upTo, Instant at, Tally more, @Nullable TornLine torn, @Nullable String error) {
    return new OpenSession(
        id,
        source,
        openedAt,
        at,
        upTo,
        tally.plus(more),
        torn,
        losses,
        error == null ? this.error : error,
        wanted);
  }

  OpenSession repeated(long bytes) {
    return read(next, lastAt, new Tally(0, 0, 0, 0, 0, 0, 0, 0, bytes), torn, null);
  }

  OpenSession wanting(List<String> drvPaths) {
    List<String> all =
        Stream.concat(wanted.stream(), drvPaths.stream()).distinct().limit(MAX_WANTED).toList();
    return new OpenSession(id, source, openedAt, lastAt, next, tally, torn, losses, error, all);
  }

  /// Bytes that never came: a torn line before them has lost its end.
  OpenSession missing(Loss loss) {
    long torn = this.torn == null ? 0 : 1;
    Tally missing = new Tally(0, 0, torn, 0, torn, 1, loss.bytes(), loss.lines(), 0);
    return new OpenSession(
        id,
        source,
        openedAt,
        loss.until(),
        next + loss.bytes(),
        tally.plus(missing),
        null,
        with(loss),
        error,
        wanted);
  }

  private List<Loss> with(Loss loss) {
    List<Loss> all = new ArrayList<>(losses);
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).why().equals(loss.why()) || i == MAX_LOSSES - 1) {
        all.set(i, all.get(i).and(loss));
        return List.copyOf(all);
      }
    }
    all.add(loss);
    return List.copyOf(all);
  }

  Session view(@Nullable Instant closedAt, @Nullable Ending ending) {
    var requester = source.requester();
    return new Session(
        id.key(),
        id.host(),
        source.kind().json(),
        source.path(),
        source.peer() == null || source.peer().pid() == 0 ? null : source.peer().pid(),
        source.client() == null ? null : source.client().pid(),
        requester.map(Source.Process::user).orElse(null),
        requester.map(Source.Process::uid).orElse(null),
        source.peer() == null ? List.of() : source.peer().command(),
        openedAt,
        closedAt == null ? lastAt : closedAt,
        closedAt,
        ending == null ? null : ending.how().json(),
        ending == null ? null : ending.exitCode(),
        error,
        losses,
        tally,
        wanted);
  }
}
