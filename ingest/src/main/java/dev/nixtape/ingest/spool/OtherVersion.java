package dev.nixtape.ingest.spool;

import java.io.IOException;
import java.nio.file.Path;

/// A file of the spool that another version of nixtape wrote.
final class OtherVersion extends IOException {
  private static final long serialVersionUID = 1;

  OtherVersion(Path file) {
    super(
        "%s was written by another version of nixtape, or is none of its files: start that version until its spool is empty, or move %s away"
            .formatted(file, file.getParent()));
  }
}
