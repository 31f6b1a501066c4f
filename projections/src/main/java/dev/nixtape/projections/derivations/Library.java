package dev.nixtape.projections.derivations;

import java.util.Collection;
import java.util.List;

/// All derivations that shims read. Asked in batches, a tree's level at a time; what nobody read
/// has no answer.
public interface Library {
  List<Node> nodes(Collection<String> drvPaths);

  List<KnownDerivation> derivations(Collection<String> drvPaths);
}
