package dev.nixtape.projections;

import org.jspecify.annotations.Nullable;

/// How far answers are behind the log.
///
/// @param records of `nixtape.log` that are not folded yet
/// @param millis since the oldest of them reached its host; null when there is none, or when Kafka
///   did not give it in time
public record Behind(long records, @Nullable Long millis) {
  public static final Behind NOTHING = new Behind(0, null);

  /// Of two parts of the log.
  public Behind plus(Behind that) {
    return new Behind(records + that.records, longer(millis, that.millis));
  }

  private static @Nullable Long longer(@Nullable Long one, @Nullable Long other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return Math.max(one, other);
  }
}
