package dev.nixtape.projections.fold;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.nix.ActivityType;
import dev.nixtape.projections.nix.Derivation;
import dev.nixtape.projections.nix.FailureText;
import dev.nixtape.projections.nix.NixEvent;
import dev.nixtape.projections.nix.StorePath;
import org.jspecify.annotations.Nullable;

/// What an activity is about: what its start says, and its derivation where somebody could read it.
///
/// @param rebuilt all its outputs were in the store before it began
record Subject(
    Build.Kind kind,
    String name,
    @Nullable String drvPath,
    @Nullable String storePath,
    @Nullable String machine,
    @Nullable String uri,
    @Nullable String pname,
    @Nullable String version,
    @Nullable String system,
    boolean rebuilt) {

  /// The machine of a build that no other builds.
  static final String LOCAL = "local";

  /// Only what begins a thing of its own: a worker's roots are no subjects.
  static Subject of(NixEvent.Start start) {
    return switch (start.type()) {
      case BUILD -> {
        String machine = start.field(1);
        yield path(
            Build.Kind.BUILD, start.field(0), true, machine.isEmpty() ? LOCAL : machine, null);
      }
      case SUBSTITUTE -> path(Build.Kind.SUBSTITUTE, start.field(0), false, null, start.field(1));
      case COPY_PATH -> path(Build.Kind.COPY, start.field(0), false, null, start.field(1));
      case QUERY_PATH_INFO -> path(Build.Kind.QUERY, start.field(0), false, null, start.field(1));
      case POST_BUILD_HOOK -> path(Build.Kind.HOOK, start.field(0), true, null, null);
      case FILE_TRANSFER ->
          plain(
              Build.Kind.DOWNLOAD,
              start.field(0).substring(start.field(0).lastIndexOf('/') + 1),
              start.field(0));
      case FETCH_TREE -> plain(Build.Kind.FETCH, text(start), null);
      case FETCH_TO_STORE -> plain(Build.Kind.IMPORT, start.field(0), null);
      case BUILD_WAITING -> plain(Build.Kind.WAIT, text(start), null);
      case OPTIMISE_STORE -> plain(Build.Kind.OPTIMISE, text(start), null);
      case VERIFY_PATHS -> plain(Build.Kind.VERIFY, text(start), null);
      case UNKNOWN, REALISE, COPY_PATHS, BUILDS -> plain(Build.Kind.OTHER, text(start), null);
    };
  }

  private static Subject path(
      Build.Kind kind, String path, boolean drv, @Nullable String machine, @Nullable String uri) {
    String name = StorePath.name(path);
    return new Subject(
        kind,
        name,
        drv ? path : null,
        drv ? null : path,
        machine,
        uri,
        StorePath.pname(name),
        StorePath.version(name),
        null,
        false);
  }

  /// Nix colours the paths in it.
  private static String text(NixEvent.Start start) {
    return FailureText.withoutColours(start.text());
  }

  private static Subject plain(Build.Kind kind, String name, @Nullable String uri) {
    return new Subject(kind, name, null, null, null, uri, null, null, null, false);
  }

  /// With what the derivation file says.
  Subject described(Derivation derivation, boolean rebuilt) {
    var env = derivation.env();
    var out = derivation.outputs().isEmpty() ? "" : derivation.outputs().getFirst().path();
    return new Subject(
        kind,
        name,
        drvPath,
        out.isEmpty() ? storePath : out,
        machine,
        uri,
        env.getOrDefault("pname", pname == null ? name : pname),
        env.getOrDefault("version", version == null ? "" : version),
        derivation.system(),
        rebuilt);
  }

  static boolean isRoot(ActivityType type) {
    return switch (type) {
      case REALISE, COPY_PATHS, BUILDS -> true;
      case UNKNOWN,
          COPY_PATH,
          FILE_TRANSFER,
          BUILD,
          OPTIMISE_STORE,
          VERIFY_PATHS,
          SUBSTITUTE,
          QUERY_PATH_INFO,
          POST_BUILD_HOOK,
          BUILD_WAITING,
          FETCH_TREE,
          FETCH_TO_STORE ->
          false;
    };
  }
}
