package dev.nixtape.ingest;

import dev.nixtape.projections.tape.Source;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/// One open connection, on the shim's thread.
final class Connection {
  private static final Duration SILENT = Duration.ofDays(1);

  private static final long NO_LINE_BYTES = 64L * 1024;

  final AFUNIXSocketChannel channel;
  final SelectionKey key;
  final Recording recording;
  private volatile Instant heardAt;
  private volatile boolean saidALine;

  /// Among those that are read now.
  boolean busy;

  /// The selector reported it, and it was not read since.
  boolean selected;

  /// The peer is gone: the selector does not report it again.
  boolean hungUp;

  Connection(AFUNIXSocketChannel channel, SelectionKey key, Recording recording) {
    this.channel = channel;
    this.key = key;
    this.recording = recording;
    this.heardAt = Instant.ofEpochMilli(recording.spooled().lastAt());
  }

  long uid() {
    return peer().map(Source.Process::uid).orElse(0L);
  }

  private Optional<Source.Process> peer() {
    return Optional.ofNullable(recording.source().peer());
  }

  void heard(Instant at, boolean line) {
    heardAt = at;
    saidALine |= line;
  }

  Optional<Stranger> strange(Instant now) {
    long bytes = recording.spooled().offset();
    String what =
        !saidALine && bytes >= NO_LINE_BYTES
            ? "sent %,d bytes without a newline".formatted(bytes)
            : heardAt.plus(SILENT).isBefore(now) ? "has said nothing for a day or longer" : "";
    return peer()
        .filter(_ -> !what.isEmpty())
        .map(peer -> new Stranger(uid(), peer.user(), peer.pid(), what, heardAt, 1));
  }
}
