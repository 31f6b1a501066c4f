package dev.nixtape.projections;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PackageNameTest {
  @Test
  void itIsANameWithoutVersionAndKeepsWhatStandsBehindIt() {
    assertEquals("linux", PackageName.of("linux-6.6.1"));
    assertEquals("linux-modules", PackageName.of("linux-6.6.1-modules"));
    assertEquals("hello-unstable", PackageName.of("hello-2.12-unstable-2024-01-31"));
    assertEquals("python3.12-foo", PackageName.of("python3.12-foo-1.0"));
    assertEquals("7zip", PackageName.of("7zip-24.08"));
    assertEquals("source", PackageName.of("source"));
    assertEquals("linux-modules", PackageName.of("linux-modules"));
    assertEquals("", PackageName.of(""));
  }
}
