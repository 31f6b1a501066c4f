package dev.nixtape.ingest;

import dev.nixtape.ingest.spool.Spool;
import dev.nixtape.ingest.spool.SpoolSession;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import dev.nixtape.projections.tape.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A file that Nix wrote where the socket should have been, because nobody listened: put aside,
/// recorded, then deleted.
///
/// Its name carries its session: when a shim dies over it, the next one goes on with the same
/// session.
///
/// @param socket where it was found
record FoundFile(Path file, Path socket, SessionId session) {
  private static final String MARK = ".found-";
  private static final Duration POLL = Duration.ofMillis(200);

  static void putAside(Path socket, Host host) throws IOException {
    Files.move(socket, socket.resolveSibling(socket.getFileName() + MARK + host.newSession().id()));
  }

  /// All files that were put aside for a socket, oldest first.
  static List<FoundFile> beside(Path socket, Host host) throws IOException {
    String prefix = socket.getFileName() + MARK;
    List<FoundFile> found = new ArrayList<>();
    Path folder = socket.toAbsolutePath().getParent();
    if (folder == null) {
      return found;
    }
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(
            folder, file -> file.getFileName().toString().startsWith(prefix))) {
      for (Path file : files) {
        String id = file.getFileName().toString().substring(prefix.length());
        if (!id.isEmpty()) {
          found.add(new FoundFile(file, socket, new SessionId(host.name(), id)));
        }
      }
    }
    found.sort(Comparator.comparing(FoundFile::session));
    return found;
  }

  /// Records the file to its end, and what is still appended to it by a Nix that opened it before;
  /// deletes it when all is in the spool. Runs `read` when it is at the file's end for the first
  /// time. An interrupt leaves the file for the next start, which goes on where this one stopped.
  void record(Recorder recorder, Runnable read) throws IOException, InterruptedException {
    SpoolSession left = recorder.byId().get(session.id());
    if (left != null && left.isOver()) {
      // All of it is in the spool: a former process died before it could delete the file.
      Files.delete(file);
      return;
    }
    Host host = recorder.host();
    Source source = new Source(Source.Kind.FILE, host.boot(), socket.toString(), false, null, null);
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      Recording recording =
          left != null
              ? new Recording(left, host, source, _ -> Onlooker.NOBODY)
              : recorder.record(session, source);
      in.position(recording.spooled().offset());
      ByteBuffer buffer = ByteBuffer.allocate(Spool.READ_BYTES);
      boolean held = true;
      while (true) {
        while (in.read(buffer.clear()) > 0) {
          recording.spooled().awaitRoom();
          recording.take(buffer.flip());
        }
        read.run();
        if (!held) {
          break;
        }
        // one more look after nobody holds it any more: the last bytes may have come in between
        held = host.hasOpen(file);
        if (held) {
          Thread.sleep(POLL);
        }
      }
      recording.end(LogEntry.Ending.end());
      recording.spooled().sync();
    }
    Files.delete(file);
  }
}
