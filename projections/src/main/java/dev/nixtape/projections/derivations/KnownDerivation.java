package dev.nixtape.projections.derivations;

import dev.nixtape.projections.nix.Derivation;
import dev.nixtape.projections.nix.StorePath;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A derivation that a shim read. The JSON of this record is what `nixtape.derivations` holds; its
/// keys are a promise.
///
/// @param name of the store path, without hash and `.drv`
/// @param pname of its environment, else of its name
/// @param inputDrvs the derivations that it needs, with the outputs wanted of each
public record KnownDerivation(
    String drvPath,
    String name,
    String pname,
    String version,
    String system,
    String builder,
    List<String> args,
    Map<String, List<String>> inputDrvs,
    List<String> inputSrcs,
    List<Derivation.Output> outputs,
    Map<String, String> env) {

  public KnownDerivation {
    args = List.copyOf(args);
    inputDrvs = Collections.unmodifiableMap(new LinkedHashMap<>(inputDrvs));
    inputSrcs = List.copyOf(inputSrcs);
    outputs = List.copyOf(outputs);
    env = Collections.unmodifiableMap(new LinkedHashMap<>(env));
  }

  /// Reads the text of a .drv file. Throws `IllegalArgumentException` that says where it is none.
  public static KnownDerivation of(String drvPath, String text) {
    Derivation read = Derivation.parse(text);
    String name = StorePath.name(drvPath);
    return new KnownDerivation(
        drvPath,
        name,
        read.env().getOrDefault("pname", StorePath.pname(name)),
        read.env().getOrDefault("version", StorePath.version(name)),
        read.system(),
        read.builder(),
        read.args(),
        read.inputDrvs(),
        read.inputSrcs(),
        read.outputs(),
        read.env());
  }

  /// Whether its outputs' contents are given beforehand: something fetched.
  public boolean fixed() {
    return outputs.stream().anyMatch(output -> !output.hash().isEmpty());
  }

  /// What a tree needs of it.
  public Node node() {
    return new Node(
        drvPath,
        name,
        system,
        List.copyOf(inputDrvs.keySet()),
        outputs.stream().map(Derivation.Output::path).filter(path -> !path.isEmpty()).toList());
  }
}
