package dev.nixtape.projections.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nixtape.projections.ByteSlice;
import dev.nixtape.projections.Json;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A record of `nixtape.control`, keyed by host, so that a host's commands and their results are in
/// one partition, in order.
///
/// | header | on | holds |
/// |---|---|---|
/// | `k` | both | `command` or `result` |
/// | `s` | commands | the signature of the value (`SigningKey`) |
/// | `i` | commands | the public key that it is of |
public sealed interface ControlRecord {
  String KIND = "k";
  String SIGNATURE = "s";
  String KEY = "i";

  String COMMAND = "command";
  String RESULT = "result";

  /// A command as its issuer signed it. Nothing in it is to be believed before `SigningKey.signed`
  /// says so.
  ///
  /// @param json of a `Command`: these bytes are signed, not what is read from them
  /// @param key the public key's text; "" when there is none
  record Ordered(ByteSlice json, String key, ByteSlice signature) implements ControlRecord {
    /// @throws IllegalArgumentException which says what is wrong with it
    public Command command() {
      try {
        // "null" is JSON too.
        return Objects.requireNonNull(Json.read(json.toArray(), Command.class), "null");
      } catch (UncheckedIOException | NullPointerException e) {
        throw new IllegalArgumentException("no command: " + e.getMessage(), e);
      }
    }
  }

  record Answered(Result result) implements ControlRecord {}

  /// Reads a record. Throws `IllegalArgumentException`, which says what is wrong, for one that is
  /// neither.
  ///
  /// @param header the last header of that name, null when there is none
  static ControlRecord read(byte @Nullable [] value, Function<String, byte @Nullable []> header) {
    if (value == null) {
      throw new IllegalArgumentException("a record without a value");
    }
    String kind = text(header.apply(KIND));
    return switch (kind) {
      case COMMAND -> {
        byte[] signature = header.apply(SIGNATURE);
        yield new Ordered(
            ByteSlice.of(value),
            text(header.apply(KEY)),
            signature == null ? ByteSlice.EMPTY : ByteSlice.of(signature));
      }
      case RESULT -> {
        try {
          yield new Answered(Objects.requireNonNull(Json.read(value, Result.class), "null"));
        } catch (UncheckedIOException | NullPointerException e) {
          throw new IllegalArgumentException("no result: " + e.getMessage(), e);
        }
      }
      default ->
          throw new IllegalArgumentException(
              "a record of kind '%s', not command or result".formatted(kind));
    };
  }

  private static String text(byte @Nullable [] header) {
    return header == null ? "" : new String(header, UTF_8);
  }
}
