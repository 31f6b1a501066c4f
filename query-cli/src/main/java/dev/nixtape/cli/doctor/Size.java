package dev.nixtape.cli.doctor;

import java.util.Locale;

/// An amount of data as a sentence says it: `512 bytes`, `3.4 KiB`, `1.2 GiB`.
record Size(long bytes) {
  @Override
  public String toString() {
    if (bytes < 1024) {
      return bytes + (bytes == 1 ? " byte" : " bytes");
    }
    int unit = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
    return String.format(
        Locale.ROOT, "%.1f %ciB", (double) bytes / (1L << (10 * unit)), "KMGTPE".charAt(unit - 1));
  }
}
