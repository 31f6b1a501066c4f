package dev.nixtape.projections.nix;

import java.util.Optional;

/// Nix's `ActivityType`, src/libutil/include/nix/util/logging.hh.
public enum ActivityType {
  UNKNOWN(0),
  COPY_PATH(100),
  FILE_TRANSFER(101),
  REALISE(102),
  COPY_PATHS(103),
  BUILDS(104),
  BUILD(105),
  OPTIMISE_STORE(106),
  VERIFY_PATHS(107),
  SUBSTITUTE(108),
  QUERY_PATH_INFO(109),
  POST_BUILD_HOOK(110),
  BUILD_WAITING(111),
  FETCH_TREE(112),
  FETCH_TO_STORE(113);

  private static final ActivityType[] ALL = values();

  private final int number;

  ActivityType(int number) {
    this.number = number;
  }

  /// Empty for a number that this vocabulary does not hold: other implementations have more.
  static Optional<ActivityType> of(int number) {
    for (ActivityType type : ALL) {
      if (type.number == number) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
