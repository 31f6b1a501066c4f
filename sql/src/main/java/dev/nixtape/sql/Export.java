package dev.nixtape.sql;

import dev.nixtape.projections.Build;
import dev.nixtape.projections.BuildJson;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Writes facts into a folder, a file a day (UTC, of their end). It takes them newest first, as the
/// query server tells them, so one day at a time is open. A day's file appears when the day is
/// complete, and replaces the one of an export before.
public final class Export implements BuildJson.Sink, AutoCloseable {
  private static final String NEW = ".new";

  private final Days days;
  private final Format format;
  private final Predicate<LocalDate> wanted;
  private final List<Day> done = new ArrayList<>();
  private @Nullable OpenDay open;

  /// A day that was written.
  public record Day(LocalDate day, Path file, long facts) {}

  /// @param wanted the days to write; facts of others are passed over
  public Export(Days days, Format format, Predicate<LocalDate> wanted) {
    this.days = days;
    this.format = format;
    this.wanted = wanted;
  }

  /// Adds a fact; what still runs is none. Throws `IOException` when a fact comes out of order: its
  /// day would replace what was written of it.
  @Override
  public void add(Build fact) throws IOException {
    Instant end = fact.finishedAt();
    if (end == null) {
      return;
    }
    LocalDate day = end.atZone(ZoneOffset.UTC).toLocalDate();
    if (!wanted.test(day)) {
      return;
    }
    if (open == null || !open.day.equals(day)) {
      if (open != null && day.isAfter(open.day)) {
        throw new IOException(
            "the facts are not newest first: one of %s came behind %s".formatted(day, open.day));
      }
      complete();
      open = new OpenDay(day);
    }
    open.rows.row(Column.row(fact));
    open.facts++;
  }

  /// Completes the last day, and returns all that were written.
  public List<Day> finish() throws IOException {
    complete();
    return List.copyOf(done);
  }

  private void complete() throws IOException {
    if (open != null) {
      done.add(open.complete());
      open = null;
    }
  }

  /// Throws away the day that is not complete.
  @Override
  public void close() throws IOException {
    if (open != null) {
      open.out.close();
      Files.deleteIfExists(open.written);
    }
  }

  private final class OpenDay {
    private final LocalDate day;
    private final Path file;

    /// Parquet is made from lines of JSON: to read them is DuckDB's own craft, on all cores.
    private final Path written;

    private final Writer out;
    private final Rows rows;
    private long facts;

    OpenDay(LocalDate day) throws IOException {
      this.day = day;
      file = days.file(day, format);
      Format first = format == Format.PARQUET ? Format.NDJSON : format;
      written = file.resolveSibling(Days.FACTS + first.extension() + NEW);
      Files.createDirectories(file.getParent());
      out = Files.newBufferedWriter(written);
      rows = first == Format.CSV ? new CsvRows(out) : JsonRows.lines(out);
      rows.columns(Column.NAMES);
    }

    Day complete() throws IOException {
      rows.end();
      out.close();
      Path whole = written;
      if (format == Format.PARQUET) {
        whole = file.resolveSibling(file.getFileName() + NEW);
        DuckDb.toParquet(written, whole);
        Files.delete(written);
      }
      Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      return new Day(day, file, facts);
    }
  }
}
