package dev.nixtape.projections.tape;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// An entry as a record of `nixtape.log`.
///
/// The value of a chunk is the bytes as Nix sent them. The value of every other kind is empty and
/// what it says stands in a header: so the values of a session, one behind the other, are its
/// stream and nothing else, whoever reads them.
///
/// | header | on | holds |
/// |---|---|---|
/// | `o` | every entry | the stream offset: an unsigned big-endian number without leading zero bytes |
/// | `k` | all but chunks | the kind: `opened`, `observed`, `gap`, `closed`, `listening`, `reported` |
/// | `e` | all but chunks | the entry, JSON |
///
/// @param key `host/session`
/// @param timestamp when it happened, milliseconds since the epoch
/// @param kind null for a chunk
/// @param entry null for a chunk
public record EntryRecord(
    String key,
    long timestamp,
    ByteSlice offset,
    @Nullable String kind,
    @Nullable ByteSlice entry,
    ByteSlice value) {

  public static final String OFFSET = "o";
  public static final String KIND = "k";
  public static final String ENTRY = "e";

  private static final ByteSlice NOTHING = ByteSlice.of(new byte[0]);

  private record GapJson(long missing, long lines, @Nullable Instant from, String why) {}

  private record ListeningJson(String boot, String path, @Nullable List<String> kept) {}

  public static EntryRecord of(LogEntry entry) {
    return switch (entry) {
      case LogEntry.Lines lines ->
          new EntryRecord(
              lines.session().key(),
              lines.at().toEpochMilli(),
              offset(lines.offset()),
              null,
              null,
              lines.bytes());
      case LogEntry.Opened opened -> of(opened, "opened", opened.source());
      case LogEntry.Observed observed -> of(observed, "observed", observed.observation());
      case LogEntry.Gap gap ->
          of(gap, "gap", new GapJson(gap.missing(), gap.lines(), gap.from(), gap.why()));
      case LogEntry.Closed closed -> of(closed, "closed", closed.ending());
      case LogEntry.Listening listening ->
          of(
              listening,
              "listening",
              new ListeningJson(listening.boot(), listening.path(), listening.kept()));
      case LogEntry.Reported reported -> of(reported, "reported", reported.report());
    };
  }

  private static EntryRecord of(LogEntry entry, String kind, Object json) {
    return new EntryRecord(
        entry.session().key(),
        entry.at().toEpochMilli(),
        offset(entry.offset()),
        kind,
        ByteSlice.of(Json.write(json)),
        NOTHING);
  }

  /// Reads a record. Throws `IllegalArgumentException`, which says what is wrong, for one that no
  /// shim wrote: topics can be written by others too.
  ///
  /// @param header the last header of that name, null when there is none
  public static LogEntry read(
      byte @Nullable [] key,
      long timestamp,
      byte @Nullable [] value,
      Function<String, byte @Nullable []> header) {
    if (key == null) {
      throw new IllegalArgumentException("a record without a key: it belongs to no session");
    }
    SessionId session = SessionId.parse(new String(key, UTF_8));
    Instant at = Instant.ofEpochMilli(timestamp);
    byte[] offsetBytes = header.apply(OFFSET);
    if (offsetBytes == null || offsetBytes.length > 8) {
      throw new IllegalArgumentException(
          "a record of session " + session + " without an offset header");
    }
    long offset = number(offsetBytes);
    byte[] kindBytes = header.apply(KIND);
    if (kindBytes == null) {
      return new LogEntry.Lines(
          session, at, offset, ByteSlice.of(value == null ? new byte[0] : value));
    }
    String kind = new String(kindBytes, UTF_8);
    byte[] json = header.apply(ENTRY);
    if (json == null) {
      throw new IllegalArgumentException(
          "an entry '" + kind + "' of session " + session + " without its contents");
    }
    try {
      return switch (kind) {
        case "opened" -> new LogEntry.Opened(session, at, Json.read(json, Source.class));
        case "observed" ->
            new LogEntry.Observed(session, at, offset, Json.read(json, Observation.class));
        case "gap" -> {
          GapJson gap = Json.read(json, GapJson.class);
          yield new LogEntry.Gap(
              session,
              at,
              offset,
              gap.missing(),
              gap.lines(),
              Objects.requireNonNullElse(gap.from(), at),
              gap.why());
        }
        case "closed" ->
            new LogEntry.Closed(session, at, offset, Json.read(json, LogEntry.Ending.class));
        case "listening" -> {
          ListeningJson listening = Json.read(json, ListeningJson.class);
          yield new LogEntry.Listening(
              session,
              at,
              listening.boot(),
              listening.path(),
              Objects.requireNonNullElse(listening.kept(), List.of()));
        }
        case "reported" -> new LogEntry.Reported(session, at, Json.read(json, Report.class));
        default ->
            throw new IllegalArgumentException(
                "an entry of unknown kind '" + kind + "' in session " + session);
      };
    } catch (UncheckedIOException e) {
      throw new IllegalArgumentException(
          "an entry '%s' of session %s that cannot be read: %s"
              .formatted(kind, session, e.getMessage()),
          e);
    }
  }

  /// Bytes that the record has at least, as far as its contents go.
  public int size() {
    return key.length() + value.length() + (entry == null ? 0 : entry.length());
  }

  /// A stream's offset as the header `o` has it: unsigned, big-endian, without leading zero bytes.
  public static ByteSlice offset(long value) {
    byte[] bytes = ByteBuffer.allocate(8).putLong(value).array();
    return ByteSlice.of(bytes, Long.numberOfLeadingZeros(value) / 8, 8);
  }

  private static long number(byte[] bytes) {
    long value = 0;
    for (byte b : bytes) {
      value = value << 8 | (b & 0xff);
    }
    return value;
  }
}
