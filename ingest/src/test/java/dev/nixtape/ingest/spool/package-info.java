/// Tests of the spool and of publishing from it.
@NullMarked
package dev.nixtape.ingest.spool;

import org.jspecify.annotations.NullMarked;
