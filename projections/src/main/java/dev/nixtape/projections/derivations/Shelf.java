package dev.nixtape.projections.derivations;

import dev.nixtape.projections.Json;
import dev.nixtape.projections.KeyValues;
import java.util.Arrays;

/// Keeps the derivations of one partition of `nixtape.derivations`.
///
/// | key | value |
/// |---|---|
/// | `drv/PATH` | the derivation |
/// | `node/PATH` | the same without its environment |
public final class Shelf {
  public static final String DRV = "drv/";
  public static final String NODE = "node/";

  private final KeyValues store;

  public Shelf(KeyValues store) {
    this.store = store;
  }

  /// Adds a derivation; one that is there already changes nothing. Throws `UncheckedIOException`
  /// when the bytes are none.
  ///
  /// @param json a `KnownDerivation`
  public void add(byte[] json) {
    KnownDerivation derivation = Json.read(json, KnownDerivation.class);
    if (!Arrays.equals(json, store.get(DRV + derivation.drvPath()))) {
      store.put(DRV + derivation.drvPath(), json);
      store.put(NODE + derivation.drvPath(), Json.write(derivation.node()));
    }
  }
}
