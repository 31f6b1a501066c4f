package dev.nixtape.projections.derivations;

import java.util.List;

/// A derivation without its environment: a closure of them is many.
///
/// @param inputs the derivations that it needs
/// @param outputs their store paths, as far as they are known beforehand
public record Node(
    String drvPath, String name, String system, List<String> inputs, List<String> outputs) {
  public Node {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
