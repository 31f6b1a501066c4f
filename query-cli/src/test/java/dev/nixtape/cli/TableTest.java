package dev.nixtape.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
  private record Row(String name, String detail, long used) {}

  private static String shown(int screen, Row... rows) {
    StringWriter text = new StringWriter();
    new Table<Row>()
        .left("NAME", Row::name)
        .flexible("DETAIL", Row::detail, _ -> Screen.Style.PLAIN, Row::detail)
        .bytes("MEM", Row::used)
        .optional()
        .print(List.of(rows), screen, new PrintWriter(text, true));
    return text.toString();
  }

  private static final Row USED = new Row("one", "why it is so long", 2048);

  @Test
  void aColumnGivesWayOnANarrowScreenAndAnOptionalOneGoes() {
    assertEquals(
        """
        NAME  DETAIL                 MEM
        one   why it is so long  2.0 KiB
        """,
        shown(32, USED));
    assertEquals(
        """
        NAME  DETAIL            MEM
        one   why it is s…  2.0 KiB
        """,
        shown(27, USED));
    assertEquals(
        """
        NAME  DETAIL
        one   why it is so…
        """,
        shown(19, USED));
  }

  @Test
  void anOptionalColumnInWhichNothingStandsIsNotShown() {
    assertEquals(
        """
        NAME  DETAIL
        one
        """,
        shown(80, new Row("one", "", 0)));
  }
}
