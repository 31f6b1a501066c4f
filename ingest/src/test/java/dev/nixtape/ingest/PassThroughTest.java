package dev.nixtape.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.Test;

class PassThroughTest {
  private static final String PROGRESS =
      "@nix {\"action\":\"result\",\"fields\":[0,1,0,0],\"id\":1,\"type\":105}\n";
  private static final String STREAM =
      "warning: dirty tree\n"
          + PROGRESS
          + "@nix {\"action\":\"start\",\"fields\":[\"/nix/store/x.drv\",\"\",1,1],\"id\":2,\"level\":3,\"parent\":0,\"text\":\"building '/nix/store/x.drv'\",\"type\":105}\n"
          + "@nix {\"action\":\"start\",\"id\":3,\"level\":6,\"parent\":0,\"text\":\"querying\",\"type\":0}\n"
          + "@nix {\"action\":\"result\",\"fields\":[\"compiling é 1/2\"],\"id\":2,\"type\":101}\n"
          + "@nix {\"action\":\"result\",\"fields\":[\"uploading\"],\"id\":2,\"type\":107}\n"
          + "@nix {\"action\":\"result\",\"fields\":[\"buildPhase\"],\"id\":2,\"type\":104}\n"
          + "@nix {\"action\":\"stop\",\"id\":2}\n"
          + "@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"\\u001b[31;1merror:\\u001b[0m two\\nlines\"}\n"
          + "@nix {\"action\":\"msg\",\"level\":4,\"msg\":\"evaluating file\"}\n"
          + "done\n";
  private static final String SHOWN =
      """
      warning: dirty tree
      building '/nix/store/x.drv'
      compiling é 1/2
      uploading
      error: two
      lines
      done
      """;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final PassThrough passThrough = new PassThrough(out, false);

  @Test
  void aPersonReadsWhatNixWouldHaveWritten() {
    take(STREAM);

    assertEquals(SHOWN, shown());
  }

  @Test
  void itDoesNotMatterWhereTheStreamIsCut() {
    byte[] stream = STREAM.getBytes(UTF_8);
    for (int cut = 0; cut <= stream.length; cut++) {
      ByteArrayOutputStream cutOut = new ByteArrayOutputStream();
      PassThrough cutThrough = new PassThrough(cutOut, false);
      cutThrough.take(stream, 0, cut);
      cutThrough.take(stream, cut, stream.length);
      cutThrough.end();
      assertEquals(SHOWN, cutOut.toString(UTF_8), "cut at " + cut);
    }
  }

  @Test
  void colourIsKeptOnATerminal() {
    new PassThrough(out, true).take(STREAM.getBytes(UTF_8), 0, STREAM.getBytes(UTF_8).length);

    assertEquals(SHOWN.replace("error:", "\u001b[31;1merror:\u001b[0m"), shown());
  }

  @Test
  void anEventInTheMiddleOfAnotherProgramsLineLeavesThatLineWhole() {
    take("evaluating …/top-l" + PROGRESS + "evel/all-packages.nix\n");

    assertEquals("evaluating …/top-level/all-packages.nix\n", shown());
  }

  @Test
  void aMessageInTheMiddleOfALineBeginsItsOwn() {
    take("…/top-l@nix {\"action\":\"msg\",\"level\":1,\"msg\":\"warning\"}\n");

    assertEquals("…/top-l\nwarning\n", shown());
  }

  @Test
  void whatOnlyLooksLikeAnEventIsShownAsItIs() {
    String text =
        "@nix {\"action\":\"msg\",\"level\":0,\"ms\n@nix {} trailing\n@nix is a word\n@nix {1}\n";

    take(text);

    assertEquals(text, shown());
  }

  @Test
  void aQuestionIsShownBeforeItsLineEnds() {
    take("do you trust this (y/N)? ");

    assertEquals("do you trust this (y/N)? ", shown());
  }

  @Test
  void aSystemdLevelBeforeAnEventIsNotForPeople() {
    take("<3>@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"bad\"}\n<3>plain\n");

    assertEquals("bad\n<3>plain\n", shown());
  }

  @Test
  void bytesThatAreNotUtf8PassUnchanged() {
    byte[] bytes = {'a', (byte) 0xff, (byte) 0xfe, '\n', (byte) 0x80};

    passThrough.take(bytes, 0, bytes.length);

    assertEquals(
        new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1),
        out.toString(java.nio.charset.StandardCharsets.ISO_8859_1));
  }

  @Test
  void anEndlessLineIsNotHeldForever() {
    String piece = "x".repeat(300_000);
    take("@" + piece);
    for (int i = 0; i < 4; i++) {
      take(piece);
    }
    take("\nafter\n@nix {\"a\":\"");
    for (int i = 0; i < 5; i++) {
      take(piece);
    }
    take("\"}\nlast\n");

    assertEquals("@" + piece.repeat(5) + "\nafter\nlast\n", shown());
  }

  private void take(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    passThrough.take(bytes, 0, bytes.length);
  }

  private String shown() {
    return out.toString(UTF_8);
  }
}
