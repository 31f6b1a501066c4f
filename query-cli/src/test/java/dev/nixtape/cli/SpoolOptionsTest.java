package dev.nixtape.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nixtape.cli.SpoolOptions.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class SpoolOptionsTest {
  @ParameterizedTest
  @CsvSource({
    "2GiB, 2147483648",
    "500MB, 500000000",
    "64M, 64000000",
    "64 mib, 67108864",
    "5000000, 5000000",
    "5000000B, 5000000"
  })
  void aSizeIsReadAsPeopleWriteIt(String text, long bytes) {
    assertEquals(bytes, new Size().convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "12X", "-5M", "1.5G", "GiB"})
  void whatIsNoSizeIsRefusedWithAnExample(String text) {
    TypeConversionException e =
        assertThrows(TypeConversionException.class, () -> new Size().convert(text));

    assertEquals("a size like 500MB or 2GiB, not '%s'".formatted(text), e.getMessage());
  }

  @Test
  void aSpoolThatHoldsNothingIsRefused() {
    TypeConversionException e =
        assertThrows(TypeConversionException.class, () -> new Size().convert("1k"));

    assertEquals("at least 4 MiB, not '1k'", e.getMessage());
  }
}
