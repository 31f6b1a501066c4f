package dev.nixtape.control;

import java.nio.file.Path;
import java.util.List;

/// The builds that run on this host, found through the kernel.
final class Builders {
  private final Path root;

  /// @param root of the Nix that is watched: `/`, unless it lives in a container or chroot
  Builders(Path root) {
    this.root = root;
  }

  /// All of them.
  List<Builder> all() {
    throw new UnsupportedOperationException("builds below " + root);
  }

  /// What is seen of one derivation's build, freshly looked at.
  Seen look(String drvPath) {
    throw new UnsupportedOperationException(drvPath);
  }
}
