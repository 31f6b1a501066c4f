package dev.nixtape.projections.operations;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class TellingLineTest {
  private static String of(String log) {
    return TellingLine.of(log.lines().toList());
  }

  @Test
  void theCompilersErrorTellsMoreThanMakes() {
    assertEquals(
        "src/refs.c:112:9: error: too few arguments to function 'git_refdb_lookup'",
        of(
            """
            [ 41%] Building C object src/CMakeFiles/git2.dir/refs.c.o
            src/refs.c: In function 'git_reference_lookup':
            src/refs.c:112:9: error: too few arguments to function 'git_refdb_lookup'
              112 |     git_refdb_lookup(&ref);
                  |     ^~~~~~~~~~~~~~~~
            make[2]: *** [src/CMakeFiles/git2.dir/build.make:132: src/refs.c.o] Error 1
            make[1]: *** [CMakeFiles/Makefile2:98: src/all] Error 2
            make: *** [Makefile:146: all] Error 2
            """));
  }

  @Test
  void theLinkersMissingSymbolTellsMoreThanItsExitStatus() {
    assertEquals(
        "/build/source/main.c:7: undefined reference to `deflateInit_'",
        of(
            """
            /nix/store/0f1zr4yhw2q8v8c6sp3b6ngm4v6yjl9k-binutils-2.44/bin/ld: main.o: in function `main':
            /build/source/main.c:7: undefined reference to `deflateInit_'
            collect2: error: ld returned 1 exit status
            ninja: build stopped: subcommand failed.
            """));
  }

  @Test
  void aTracebackTellsWithItsLastLine() {
    assertEquals(
        "ModuleNotFoundError: No module named 'setuptools'",
        of(
            """
            Traceback (most recent call last):
              File "/build/source/setup.py", line 3, in <module>
                from setuptools import setup
            ModuleNotFoundError: No module named 'setuptools'

            """));
  }

  @Test
  void theTestThatFailedTellsMoreThanTheCountOfThem() {
    assertEquals(
        "FAILED tests/test_http.py::test_timeout - AssertionError: 504 != 200",
        of(
            """
            tests/test_http.py F..                                     [100%]
            =========================== short test summary info ============================
            FAILED tests/test_http.py::test_timeout - AssertionError: 504 != 200
            ========================= 1 failed, 212 passed in 4.31s =========================
            """));
    assertEquals(
        "error[E0308]: mismatched types",
        of(
            """
            error[E0308]: mismatched types
              --> src/main.rs:4:18
            error: aborting due to 1 previous error
            error: could not compile `hello` (bin "hello") due to 1 previous error
            """));
  }

  @Test
  void withoutAnErrorTheLastLineWithSomethingInItTells() {
    assertEquals(
        "checking for zlib... no", of("checking for gcc... gcc\nchecking for zlib... no\n \n"));
    assertEquals("make: *** [all] Error 2", of("cc -c x.c\nmake: *** [all] Error 2\n"));
    assertEquals("", TellingLine.of(List.of("", " ")));
  }

  @Test
  void coloursAreNotPartOfIt() {
    assertEquals("error: no", TellingLine.of(List.of("\u001b[31;1merror:\u001b[0m no", "bye")));
  }

  @Test
  void whatDiffersFromTimeToTimeIsLeftOut() {
    assertEquals(
        "refs.c:N:N: error: too few arguments",
        TellingLine.normalised("/build/source-1.9/src/refs.c:112:9: error: too few arguments"));
    assertEquals(
        TellingLine.normalised(
            "error: hash mismatch in '/nix/store/0f1zr4yhw2q8v8c6sp3b6ngm4v6yjl9k-a.drv' after 12.5s"),
        TellingLine.normalised(
            "error: hash mismatch in '/nix/store/1g2zr4yhw2q8v8c6sp3b6ngm4v6yjl9l-a.drv' after 3s"));
    assertEquals(
        "segfault at N in thread N", TellingLine.normalised("segfault at 0x7ffe12ab in thread 17"));
  }

  @Test
  void exitCodesAndSignalsStay() {
    assertEquals(
        "builder failed with exit code 137",
        TellingLine.normalised("builder failed with exit code 137"));
    assertNotEquals(
        TellingLine.normalised("builder failed due to signal 9 (Killed)"),
        TellingLine.normalised("builder failed due to signal 11 (Segmentation fault)"));
  }
}
