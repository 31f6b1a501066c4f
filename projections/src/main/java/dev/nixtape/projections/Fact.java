package dev.nixtape.projections;

/// What finished, and its JSON, as `nixtape.builds` and the stores hold it.
public record Fact(Build build, ByteSlice json) {
  public static Fact of(Build build) {
    return new Fact(build, ByteSlice.of(Json.write(build)));
  }

  /// Throws `UncheckedIOException` when it is not the JSON of a build.
  public static Fact read(byte[] json) {
    return new Fact(Json.read(json, Build.class), ByteSlice.of(json));
  }
}
