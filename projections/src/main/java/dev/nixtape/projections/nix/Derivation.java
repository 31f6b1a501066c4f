package dev.nixtape.projections.nix;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A derivation, read from the ATerm text of a .drv file:
/// `Derive([outputs],[inputDrvs],[inputSrcs],"system","builder",[args],[env])`.
///
/// @param inputDrvs the derivations that it needs, with the names of the outputs wanted
public record Derivation(
    List<Output> outputs,
    Map<String, List<String>> inputDrvs,
    List<String> inputSrcs,
    String system,
    String builder,
    List<String> args,
    Map<String, String> env) {

  /// @param path "" where it depends on the contents and is not known before the build
  /// @param hashAlgo "" unless the output's hash is fixed
  public record Output(String name, String path, String hashAlgo, String hash) {}

  public Derivation {
    outputs = List.copyOf(outputs);
    inputSrcs = List.copyOf(inputSrcs);
    args = List.copyOf(args);
  }

  /// Throws `IllegalArgumentException` that says where the text is not a derivation.
  public static Derivation parse(String text) {
    return new Reader(text).derivation();
  }

  private static final class Reader {
    private final String text;
    private int at;

    Reader(String text) {
      this.text = text;
    }

    Derivation derivation() {
      expect("Derive(");
      List<Output> outputs = new ArrayList<>();
      list(() -> {
        expect("(");
        String name = string();
        expect(",");
        String path = string();
        expect(",");
        String algo = string();
        expect(",");
        outputs.add(new Output(name, path, algo, string()));
        expect(")");
      });
      expect(",");
      Map<String, List<String>> inputDrvs = new LinkedHashMap<>();
      list(() -> {
        expect("(");
        String drv = string();
        expect(",");
        inputDrvs.put(drv, strings());
        expect(")");
      });
      expect(",");
      List<String> inputSrcs = strings();
      expect(",");
      String system = string();
      expect(",");
      String builder = string();
      expect(",");
      List<String> args = strings();
      expect(",");
      Map<String, String> env = new LinkedHashMap<>();
      list(() -> {
        expect("(");
        String name = string();
        expect(",");
        env.put(name, string());
        expect(")");
      });
      expect(")");
      return new Derivation(outputs, inputDrvs, inputSrcs, system, builder, args, env);
    }

    private List<String> strings() {
      List<String> strings = new ArrayList<>();
      list(() -> strings.add(string()));
      return strings;
    }

    private void list(Runnable element) {
      expect("[");
      if (at < text.length() && text.charAt(at) == ']') {
        at++;
        return;
      }
      element.run();
      while (at < text.length() && text.charAt(at) == ',') {
        at++;
        element.run();
      }
      expect("]");
    }

    private String string() {
      expect("\"");
      StringBuilder value = new StringBuilder();
      while (at < text.length()) {
        char c = text.charAt(at++);
        if (c == '"') {
          return value.toString();
        }
        if (c == '\\' && at < text.length()) {
          char escaped = text.charAt(at++);
          value.append(
              switch (escaped) {
                case 'n' -> '\n';
                case 'r' -> '\r';
                case 't' -> '\t';
                default -> escaped;
              });
        } else {
          value.append(c);
        }
      }
      throw new IllegalArgumentException("not a derivation: a string without end");
    }

    private void expect(String expected) {
      if (!text.startsWith(expected, at)) {
        throw new IllegalArgumentException(
            "not a derivation: expected '%s' at character %d".formatted(expected, at));
      }
      at += expected.length();
    }
  }
}
