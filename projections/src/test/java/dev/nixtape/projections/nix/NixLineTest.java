package dev.nixtape.projections.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.nixtape.projections.ByteSlice;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NixLineTest {
  private static NixEvent parse(String line) {
    return NixLine.parse(ByteSlice.of(line));
  }

  @Test
  void everyLineOfARecordingIsRecognised() throws IOException {
    for (String name : List.of("success", "failure", "interrupt", "kill", "keep-going")) {
      for (String side : List.of("client", "worker")) {
        try (var file =
            NixLineTest.class.getResourceAsStream("/recordings/%s.%s.log".formatted(name, side))) {
          String text = ByteSlice.of(Objects.requireNonNull(file).readAllBytes()).toString();
          text.lines()
              .forEach(line -> {
                NixEvent event = parse(line);
                if (event instanceof NixEvent.Unrecognised || event instanceof NixEvent.Text) {
                  throw new AssertionError(line);
                }
              });
        }
      }
    }
  }

  @Test
  void theQuickWayAndTheParserReadTheSame() {
    List<String> lines =
        List.of(
            "{\"action\":\"result\",\"fields\":[0,1,2,3],\"id\":49181670506498,\"type\":105}",
            "{\"action\":\"result\",\"fields\":[1234567890123,7,0,0],\"id\":18446744073709551615,\"type\":105}",
            "{\"action\":\"result\",\"fields\":[\"hello \\\"you\\\" \\\\ \\u001b[0m\"],\"id\":7,\"type\":101}",
            "{\"action\":\"result\",\"fields\":[\"plain\"],\"id\":7,\"type\":107}",
            "{\"action\":\"result\",\"fields\":[\"grüße\"],\"id\":7,\"type\":101}",
            "{\"action\":\"result\",\"fields\":[\"buildPhase\"],\"id\":7,\"type\":104}",
            "{\"action\":\"result\",\"fields\":[\"\"],\"id\":7,\"type\":101}");
    for (String line : lines) {
      // A space the quick way does not expect makes the parser read the same object.
      String spaced = line.replace("{\"action\":", "{ \"action\":");
      assertEquals(parse(spaced), parse(line), line);
    }
  }

  @Test
  void theQuickWayTakesNothingThatTheParserRefuses() {
    String line = "{\"action\":\"result\",\"fields\":[12,1,0,0],\"id\":498,\"type\":105}";
    String log = "{\"action\":\"result\",\"fields\":[\"a\\nb\"],\"id\":498,\"type\":101}";
    Random random = new Random(42);
    for (int i = 0; i < 200_000; i++) {
      StringBuilder mutated = new StringBuilder(random.nextBoolean() ? line : log);
      for (int n = random.nextInt(3); n >= 0; n--) {
        int at = random.nextInt(mutated.length());
        switch (random.nextInt(3)) {
          case 0 -> mutated.deleteCharAt(at);
          case 1 -> mutated.insert(at, "\"\\{}[],:0a\u0001".charAt(random.nextInt(11)));
          default -> mutated.setCharAt(at, "\"\\{}[],:0a\u0001".charAt(random.nextInt(11)));
        }
      }
      String text = mutated.toString();
      if (text.startsWith("{\"action\":")) {
        assertEquals(
            parse("{ \"action\":" + text.substring("{\"action\":".length())), parse(text), text);
      } else {
        assertNotNull(parse(text));
      }
    }
  }

  @Test
  void idsAreUnsigned() {
    NixEvent.Start start =
        assertInstanceOf(
            NixEvent.Start.class,
            parse(
                "{\"action\":\"start\",\"id\":18446744073709551615,\"level\":3,\"parent\":9223372036854775808,\"text\":\"x\",\"type\":0}"));

    assertEquals("18446744073709551615", Long.toUnsignedString(start.id()));
    assertEquals("9223372036854775808", Long.toUnsignedString(start.parent()));
  }

  @Test
  void prefixesAndOtherOutputBeforeAnEventAreNoHindrance() {
    String stop = "{\"action\":\"stop\",\"id\":5}";
    for (String prefix : List.of("", "@nix ", "<3>@nix ", "/nix/store/top-l@nix ", "a@b @nix ")) {
      assertEquals(new NixEvent.Stop(5), parse(prefix + stop), prefix);
    }
    assertEquals(new NixEvent.Text(), parse("warning: something"));
    assertEquals(new NixEvent.Text(), parse(""));
    assertEquals(new NixEvent.Text(), parse("mail me at@nix please"));
  }

  @Test
  void whatIsUnknownOrBrokenIsUnrecognised() {
    for (String line :
        List.of(
            "{",
            "{}",
            "{\"action\":\"dance\",\"id\":1}",
            "{\"action\":\"stop\"}",
            "{\"action\":\"stop\",\"id\":-1}",
            "{\"action\":\"stop\",\"id\":1.5}",
            "{\"action\":\"stop\",\"id\":18446744073709551616}",
            "{\"action\":\"stop\",\"id\":1} {\"action\":\"stop\",\"id\":2}",
            "{\"action\":\"start\",\"id\":1,\"type\":10001,\"text\":\"\"}",
            "{\"action\":\"result\",\"id\":1,\"type\":999,\"fields\":[]}",
            "{\"action\":\"result\",\"id\":1,\"type\":105,\"fields\":[1,2]}",
            "{\"action\":\"result\",\"id\":1,\"type\":105,\"fields\":[1,2,3,\"x\"]}",
            "{\"action\":\"result\",\"fields\":[01,1,0,0],\"id\":498,\"type\":105}")) {
      assertInstanceOf(NixEvent.Unrecognised.class, parse(line), line);
    }
  }

  @Test
  void determinateNixSaysHowABuildEnded() {
    assertEquals(
        new NixEvent.BuildResult(9, "Built", true, ""),
        parse(
            "{\"action\":\"result\",\"id\":9,\"type\":110,\"sid\":\"x\",\"payload\":{\"path\":{\"drvPath\":\"/nix/store/x.drv\"},\"success\":true,\"status\":\"Built\",\"errorMsg\":null,\"cpuUser\":5}}"));
  }

  @Test
  void theTextOfALogLineIsReadWhereItIsWanted() {
    assertEquals(
        "say \"hi\"",
        NixLine.logText(
            ByteSlice.of(
                "@nix {\"action\":\"result\",\"fields\":[\"say \\\"hi\\\"\"],\"id\":7,\"type\":101}")));
  }
}
