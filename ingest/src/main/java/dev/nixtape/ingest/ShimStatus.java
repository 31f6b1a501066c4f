package dev.nixtape.ingest;

import dev.nixtape.ingest.spool.Spool;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How a shim is, as it answers at `/v1/shim`.
///
/// @param lost since this process began
public record ShimStatus(
    String host,
    long pid,
    String socket,
    Instant startedAt,
    Kafka kafka,
    SpoolStatus spool,
    Sessions sessions,
    Lost lost,
    List<Stranger> strangers) {

  public ShimStatus {
    // What another version left out is not this shape: reading it fails here.
    Objects.requireNonNull(host);
    Objects.requireNonNull(socket);
    Objects.requireNonNull(startedAt);
    Objects.requireNonNull(kafka);
    Objects.requireNonNull(spool);
    Objects.requireNonNull(sessions);
    Objects.requireNonNull(lost);
    strangers = List.copyOf(strangers);
  }

  /// @param problem why Kafka takes nothing; null when it does
  public record Kafka(String bootstrapServers, @Nullable String problem) {}

  /// @param bytes of all files, published and not
  /// @param oldestAt when the oldest arrived of what is not published; null when all is
  /// @param leftBytes that other processes left, which are published too
  /// @param problem what the disk says; null when all is well
  public record SpoolStatus(
      String directory,
      long bytes,
      long limit,
      @Nullable Instant oldestAt,
      long leftBytes,
      @Nullable String problem) {}

  public record Sessions(long open, long limit, long limitPerUser) {}

  public record Lost(long gaps, long bytes, long lines) {}

  static ShimStatus of(
      Host host,
      String socket,
      Instant startedAt,
      String servers,
      Recorder recorder,
      SocketShim shim) {
    Spool.State spool = recorder.state();
    return new ShimStatus(
        host.name(),
        ProcessHandle.current().pid(),
        socket,
        startedAt,
        new Kafka(servers, recorder.problem().orElse(null)),
        new SpoolStatus(
            spool.directory().toString(),
            spool.bytes(),
            spool.limit(),
            spool.oldestAt(),
            recorder.leftBytes(),
            spool.problem()),
        new Sessions(shim.open(), Recorder.SHIM_SESSIONS, SocketShim.MAX_OF_A_USER),
        new Lost(spool.gaps(), spool.lostBytes(), spool.lostLines()),
        shim.strangers());
  }
}
