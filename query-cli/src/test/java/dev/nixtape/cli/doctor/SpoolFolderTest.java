package dev.nixtape.cli.doctor;

import static dev.nixtape.cli.doctor.Root.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nixtape.cli.doctor.Finding.Level;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolFolderTest {
  private static final Path SPOOL = Path.of("/var/lib/nixtape/spool");

  @TempDir Path folder;
  private Root root;

  @BeforeEach
  void make() throws IOException {
    root = new Root(folder);
  }

  private List<Finding> findings() {
    return SpoolFolder.look(root.machine(), SPOOL).findings(root.machine());
  }

  @Test
  void aSpoolThatIsNotThereHoldsNothing() {
    assertEquals(List.of(), findings());
  }

  @Test
  void emptyFilesHoldNothing() throws IOException {
    root.file(SPOOL + "/h/1", "");

    assertEquals(List.of(), findings());
  }

  @Test
  void whatWaitsIsSummedUp() throws IOException {
    root.file(SPOOL + "/h/1", "x".repeat(1000))
        .file(SPOOL + "/h/2", "x".repeat(1048))
        .changed(SPOOL + "/h/1", NOW.minusSeconds(600))
        .changed(SPOOL + "/h/2", NOW);

    Finding finding = findings().getFirst();

    assertEquals(Level.NOTE, finding.level());
    assertEquals(
        "2.0 KiB wait in /var/lib/nixtape/spool, the oldest for 10 min, and no shim says that it publishes them",
        finding.what());
  }
}
