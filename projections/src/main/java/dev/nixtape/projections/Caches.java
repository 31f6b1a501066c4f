package dev.nixtape.projections;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What substituters were good for.
///
/// @param substituters those that were asked or that gave something, the most asked first
public record Caches(
    @Nullable Instant since,
    @Nullable Instant until,
    List<Substituter> substituters,
    Rebuilds rebuilds) {

  /// @param queries how often it was really asked about a path: Nix keeps answers for a while and
  ///   does not ask again
  /// @param found of these, how often it then gave that path to that host
  /// @param missed of these, how often that path was then built on that host
  /// @param unknown the rest: nobody wanted the path then, or another substituter gave it
  /// @param hits substitutions from it that succeeded
  /// @param failed substitutions from it that failed
  /// @param downloaded bytes as they came over the network, answers about paths included
  /// @param copied bytes of the unpacked paths
  /// @param bytesPerSecond of a download, or of a copy where nothing is downloaded; null when there
  ///   was none
  public record Substituter(
      String uri,
      long queries,
      long found,
      long missed,
      long unknown,
      long hits,
      long failed,
      long downloaded,
      long copied,
      @Nullable Long bytesPerSecond) {}

  /// What was built although a substituter had given the same store path before, to any host.
  ///
  /// @param looked how many builds were looked at: the last that succeeded
  /// @param pathUnknown of these, how many have no known store path: nothing can be said of them
  /// @param count how many were built although
  /// @param ms the time that these took
  /// @param latest the last of them
  public record Rebuilds(
      long looked, long pathUnknown, long count, long ms, List<Rebuild> latest) {}

  /// @param id of the build
  /// @param at when it finished
  /// @param from the substituter
  /// @param substitution the id of the first substitution of that path
  /// @param substitutedOn the host that got it
  public record Rebuild(
      String id,
      String name,
      String storePath,
      String host,
      Instant at,
      long durationMs,
      String from,
      String substitution,
      String substitutedOn,
      Instant substitutedAt) {}
}
