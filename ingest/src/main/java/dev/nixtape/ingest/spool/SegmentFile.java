package dev.nixtape.ingest.spool;

import dev.nixtape.projections.Json;
import dev.nixtape.projections.tape.LogEntry;
import dev.nixtape.projections.tape.SessionId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A segment as a former process left it.
record SegmentFile(Path path) {
  long size() throws IOException {
    return Files.size(path);
  }

  /// Whether it has a whole head: a process that was killed while it began a segment leaves one
  /// without, and nothing in it.
  boolean isBegun() throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer header = ByteBuffer.allocate(Frame.HEADER);
      file.read(header, 0);
      return !header.hasRemaining()
          && (!Frame.isHeader(header, 0) || file.size() >= Frame.HEADER + Frame.length(header, 0));
    }
  }

  /// Throws `OtherVersion`, or an exception that says what is wrong with it.
  SegmentHead head() throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer header = ByteBuffer.allocate(Frame.HEADER);
      file.read(header, 0);
      if (header.hasRemaining()
          || !Frame.isHeader(header, 0)
          || Frame.kind(header, 0) != Frame.HEAD) {
        throw new IOException(path + " is no segment of a spool");
      }
      ByteBuffer json = ByteBuffer.allocate(Frame.length(header, 0));
      file.read(json, Frame.HEADER);
      SegmentHead head = Json.read(json.array(), SegmentHead.class);
      if (head.version() != SegmentHead.VERSION) {
        throw new OtherVersion(path);
      }
      return head;
    } catch (UncheckedIOException e) {
      throw new IOException(path + " is damaged at its beginning", e);
    }
  }

  /// What it holds, as far as it is good.
  ///
  /// @param position behind the last good frame
  /// @param offset the stream's offset there, and what there is of a frame that was being written
  /// @param over whether the session's last entry is among it
  record Scan(long position, long offset, boolean over) {}

  Scan scan() throws IOException {
    SegmentHead head = head();
    SessionId session = head.session();
    long offset = head.offset();
    long position = 0;
    boolean over = false;
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer all = ByteBuffer.allocate((int) file.size());
      while (all.hasRemaining() && file.read(all, all.position()) >= 0) {}
      all.flip();
      int at = 0;
      while (all.limit() - at >= Frame.HEADER && Frame.isHeader(all, at)) {
        int length = Frame.length(all, at);
        int there = all.limit() - at - Frame.HEADER;
        if (there < length) {
          // Killed while this was written: as the reader takes it.
          offset += Frame.kind(all, at) == Frame.BYTES ? there : 0;
          break;
        }
        if (!Frame.isIntact(all, at)) {
          break;
        }
        switch (Frame.kind(all, at)) {
          case Frame.BYTES -> offset += length;
          case Frame.ENTRY -> {
            byte[] payload = new byte[length];
            all.get(at + Frame.HEADER, payload);
            LogEntry entry = SessionReader.entry(session, payload, 0, 0);
            over |= SpoolSession.isLast(entry);
            offset += entry instanceof LogEntry.Gap gap ? gap.missing() : 0;
          }
          default -> {}
        }
        at += Frame.HEADER + length;
        position = at;
      }
    }
    return new Scan(position, offset, over);
  }
}
